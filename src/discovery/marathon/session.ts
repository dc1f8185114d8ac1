import { isDeepStrictEqual } from "node:util";

import { Alarm } from "../../async/alarm.ts";
import { Backoff } from "../../async/backoff.ts";
import { Latest } from "../../async/latest.ts";
import { isAbort, sleep } from "../../async/sleep.ts";
import type { Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import { toAnswerError } from "../answer-error.ts";
import type { SourceTally } from "../source-tally.ts";
import type { SourceState } from "../source.ts";
import type { Api, Failure } from "./api.ts";
import { Cluster } from "./cluster.ts";
import { listen, type StreamListener } from "./event-stream.ts";
import { appsOf, type MarathonEvent } from "./events.ts";
import type { Requester } from "./http.ts";
import type { Member } from "./members.ts";
import type { AppVersion } from "./past-definitions.ts";
import { SyncAgenda, type Scope, type SyncAgendaOptions } from "./sync-agenda.ts";
import type { AppServicesOptions } from "./to-services.ts";

export interface SessionOptions
  extends SyncAgendaOptions, Omit<AppServicesOptions, "definitionOf"> {
  readonly members: readonly [Member, ...Member[]];
  readonly api: Api;
  /** Asks for event streams. */
  readonly streams: Requester;
  readonly tally: SourceTally;
  readonly random: Random;
  readonly logger: Logger;
}

/** [marathon §3.2] Our own attach event tells when events flow; without it, this long after the head is enough. */
const attachMs = 1000;
const streamBackoff = { firstMs: 100, capMs: 15_000 };
/** A stream that lived this long was good: the next failure starts over with the shortest wait. */
const goodStreamMs = 60_000;

/** One run of the source: reads the list when the agenda says so, and listens to events meanwhile. */
export class Session implements StreamListener {
  readonly #options: SessionOptions;
  readonly #agenda: SyncAgenda;
  readonly #alarm = new Alarm();
  readonly #cluster: Cluster;
  readonly #states = new Latest<SourceState>();
  #isReadable = true;
  /** What was last said of the stream: undefined before anything was. */
  #isStreaming: boolean | undefined;
  #stream: { readonly member: Member; readonly openedAt: number } | undefined;
  #isAttached = false;
  #emission: NodeJS.Immediate | undefined;
  #emitted: SourceState | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#agenda = new SyncAgenda(options);
    this.#cluster = new Cluster({
      ...options,
      onRefusal: (failure) => this.#refused(failure),
      onUnread: (wanted, error) => this.#unread(wanted, error),
      onNews: () => this.#emitSoon(),
    });
  }

  /** Yields until the signal aborts; both loops have ended when the iteration has. */
  async *run(signal: AbortSignal): AsyncGenerator<SourceState, void, void> {
    const life = new AbortController();
    const stop = (): void => life.abort(signal.reason);
    if (signal.aborted) return;
    signal.addEventListener("abort", stop, { once: true });
    const loops = [this.#syncForever(life.signal), this.#listenForever(life.signal)];
    try {
      yield* this.#states.values(life.signal);
    } finally {
      signal.removeEventListener("abort", stop);
      life.abort();
      await Promise.all(loops);
      await this.#cluster.ended();
      clearImmediate(this.#emission);
    }
  }

  /** Asks for a look now. */
  resync(): void {
    this.#agenda.ask(performance.now());
    this.#alarm.ring();
  }

  opened(member: Member): void {
    const now = performance.now();
    this.#options.tally.streamOpened();
    this.#stream = { member, openedAt: now };
    this.#isAttached = false;
    this.#agenda.ask(now + attachMs);
    this.#alarm.ring();
  }

  received(event: MarathonEvent): void {
    this.#options.tally.eventReceived(event.kind);
    this.#becameStreaming();
    if (event.kind === "attached") {
      // Everybody hears of every client that attaches; only the first one after the head is our own.
      if (!this.#isAttached) this.resync();
      this.#isAttached = true;
      return;
    }
    const now = performance.now();
    if (this.#cluster.note(event, now)) this.#emitSoon();
    this.#agenda.changed(now, appsOf(event));
    this.#alarm.ring();
  }

  failed(error: unknown): void {
    this.#options.logger.error("marathon event could not be taken in", { error });
  }

  async #syncForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#agenda.dueAt - performance.now();
      if (waitMs > 0) await this.#alarm.wait(waitMs, signal);
      else await this.#sync(signal);
    }
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const begunAt = performance.now();
    const scope = this.#agenda.begin(begunAt);
    if (this.#stream !== undefined && begunAt - this.#stream.openedAt >= attachMs)
      this.#becameStreaming();
    let succeeded = false;
    try {
      succeeded = await this.#look(scope, begunAt, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#options.tally.syncFailed("internal");
      this.#options.logger.error("marathon could not be read", { error });
    } finally {
      this.#agenda.end(performance.now(), succeeded);
    }
  }

  async #look(scope: Scope, begunAt: number, signal: AbortSignal): Promise<boolean> {
    const seen = await this.#cluster.look({ scope, begunAt, signal });
    if (seen.kind === "failed") {
      this.#becameUnreadable(seen.failures);
      return false;
    }
    if (seen.kind === "listed") {
      this.#options.tally.synced(performance.now() - begunAt);
      this.#becameReadable(seen.member);
    }
    await this.#cluster.readPast(signal);
    this.#emit(seen.kind === "listed");
    return true;
  }

  #unread({ app, version }: AppVersion, error: unknown): void {
    const { code, message } = toAnswerError(error);
    this.#options.tally.answerRefused(code);
    const fields = { app, version: new Date(version).toISOString(), reason: message };
    this.#options.logger.debug("an older version of an app could not be read", fields);
  }

  #refused({ member, error }: Failure): void {
    this.#options.tally.answerRefused(error.code);
    this.#options.logger.debug("marathon gave no usable answer", {
      endpoint: member.shown,
      reason: error.message,
    });
  }

  #becameReadable(member: Member): void {
    if (!this.#isReadable)
      this.#options.logger.info("marathon can be read again", { endpoint: member.shown });
    this.#isReadable = true;
  }

  #becameUnreadable(failures: readonly Failure[]): void {
    const reasons = failures.map(({ member, error }) => `${member.shown}: ${error.message}`);
    this.#options.tally.syncFailed(reasons.join("; "));
    if (this.#isReadable)
      this.#options.logger.warn("marathon cannot be read, what is known stays", { reasons });
    this.#isReadable = false;
  }

  async #listenForever(signal: AbortSignal): Promise<void> {
    const { members, streams, random } = this.#options;
    const backoff = new Backoff({ ...streamBackoff, random });
    for (let turn = 0; !signal.aborted; turn += 1) {
      const member = members[turn % members.length] ?? members[0];
      const { reason, openMs } = await listen(streams, member, { listener: this, signal });
      if (signal.aborted) {
        this.#options.tally.streamClosed(undefined);
        return;
      }
      this.#streamClosed(member, reason);
      if (openMs >= goodStreamMs) backoff.reset();
      await pause(backoff.next(), signal);
    }
  }

  /** [marathon §1.3] A head alone is no stream yet: one opened amid an election is closed at once. */
  #becameStreaming(): void {
    if (this.#isStreaming === true || this.#stream === undefined) return;
    this.#options.logger.info("marathon event stream is open", {
      endpoint: this.#stream.member.shown,
    });
    this.#isStreaming = true;
  }

  #streamClosed(member: Member, reason: string): void {
    const { tally, logger } = this.#options;
    tally.streamClosed(`event stream: ${reason}`);
    this.#stream = undefined;
    const fields = { endpoint: member.shown, reason };
    if (this.#isStreaming === false)
      logger.debug("marathon event stream is still not open", fields);
    else logger.warn("marathon event stream is not open, polling goes on", fields);
    this.#isStreaming = false;
  }

  #emitSoon(): void {
    // One state for all events of one read, before any list is fetched.
    this.#emission ??= setImmediate(() => this.#emit(false));
  }

  /** A look at everything is told even when it shows nothing new, since whoever doubts the last one waits for it. */
  #emit(isLook: boolean): void {
    clearImmediate(this.#emission);
    this.#emission = undefined;
    const state = this.#cluster.state(performance.now());
    if (state === undefined || (!isLook && isSame(state, this.#emitted))) return;
    this.#emitted = state;
    this.#states.set(state);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, signal);
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
}

/** True when both say the same of all services; apps that are as they were have the services they had. */
function isSame(state: SourceState, before: SourceState | undefined): boolean {
  if (before?.services.length !== state.services.length) return false;
  const areSame = state.services.every((service, index) => service === before.services[index]);
  return areSame && isDeepStrictEqual(state.problems, before.problems);
}
