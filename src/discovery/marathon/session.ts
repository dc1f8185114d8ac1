import { Backoff } from "../../async/backoff.ts";
import { Latest } from "../../async/latest.ts";
import { isAbort, sleep } from "../../async/sleep.ts";
import type { Random } from "../../model/clock.ts";
import type { Logger } from "../../model/logger.ts";
import type { Problem } from "../../model/problem.ts";
import type { SourceState } from "../source.ts";
import { Alarm } from "../../async/alarm.ts";
import type { Api, Failure } from "./api.ts";
import { listen, type StreamListener } from "./event-stream.ts";
import type { MarathonEvent } from "./events.ts";
import type { Requester } from "./http.ts";
import type { Member } from "./members.ts";
import { Overlay } from "./overlay.ts";
import type { SourceTally } from "./source-tally.ts";
import { SyncAgenda, type SyncAgendaOptions } from "./sync-agenda.ts";
import { appServices, type AppServices } from "./to-services.ts";
import type { WireApp } from "./wire.ts";

export interface SessionOptions extends SyncAgendaOptions {
  readonly source: string;
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
  readonly #overlay = new Overlay();
  readonly #states = new Latest<SourceState>();
  readonly #servicesOf = new WeakMap<WireApp, AppServices>();
  #problems: readonly Problem[] = [];
  #hasListing = false;
  #isReadable = true;
  /** What was last said of the stream: undefined before anything was. */
  #isStreaming: boolean | undefined;
  #stream: { readonly member: Member; readonly openedAt: number } | undefined;
  #isAttached = false;
  #emission: NodeJS.Immediate | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#agenda = new SyncAgenda(options);
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
    this.#options.tally.eventReceived();
    this.#becameStreaming();
    if (event.kind === "attached") {
      // Everybody hears of every client that attaches; only the first one after the head is our own.
      if (!this.#isAttached) this.resync();
      this.#isAttached = true;
      return;
    }
    const now = performance.now();
    if (this.#overlay.note(event, now)) this.#emitSoon();
    this.#agenda.changed(now);
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
    this.#agenda.begin(begunAt);
    if (this.#stream !== undefined && begunAt - this.#stream.openedAt >= attachMs)
      this.#becameStreaming();
    let succeeded = false;
    try {
      succeeded = await this.#look(begunAt, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#options.tally.syncFailed("internal");
      this.#options.logger.error("marathon could not be read", { error });
    } finally {
      this.#agenda.end(performance.now(), succeeded);
    }
  }

  async #look(begunAt: number, signal: AbortSignal): Promise<boolean> {
    const { api, tally } = this.#options;
    const listing = await api.list((failure) => this.#refused(failure), signal);
    const now = performance.now();
    if (listing.kind === "failed") {
      this.#becameUnreadable(listing.failures);
      return false;
    }
    tally.synced(now - begunAt);
    this.#becameReadable(listing.member);
    this.#overlay.settle(listing.apps, begunAt, now);
    this.#problems = listing.problems;
    this.#hasListing = true;
    this.#emit();
    return true;
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
    this.#emission ??= setImmediate(() => this.#emit());
  }

  #emit(): void {
    clearImmediate(this.#emission);
    this.#emission = undefined;
    if (!this.#hasListing) return;
    const each = this.#overlay.view().map((app) => this.#services(app));
    this.#states.set({
      services: each.flatMap(({ services }) => services),
      problems: [...this.#problems, ...each.flatMap(({ problems }) => problems)],
      confirmedGone: this.#overlay.gone(performance.now()),
    });
  }

  /** An event changes few apps of many: the others keep the services made from their listing. */
  #services(app: WireApp): AppServices {
    const known = this.#servicesOf.get(app);
    if (known !== undefined) return known;
    const made = appServices(app, this.#options.source);
    this.#servicesOf.set(app, made);
    return made;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, signal);
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
}
