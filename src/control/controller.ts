import { repeat } from "../async/repeat.ts";
import { isAbort } from "../async/sleep.ts";
import type { Source, SourceState } from "../discovery/source.ts";
import { judge, type Now, type Verdict } from "../health/verdict.ts";
import type { Logger } from "../model/logger.ts";
import { problemKey, type Problem } from "../model/problem.ts";
import type { Replica } from "../model/replica.ts";
import type { Service } from "../model/service.ts";
import { buildRoutes, type BuildInput } from "../routing/build.ts";
import { describeChanges } from "../routing/describe.ts";
import { diffRoutes, type RouteChange } from "../routing/diff.ts";
import { hasLingering, keepLingering } from "../routing/linger.ts";
import { emptyTable, freezeTable, type Table } from "../routing/table.ts";
import { AcceptedState } from "./accepted-state.ts";

/** A source and the states to take from it (its own, or the same after name resolution). */
export interface Feed {
  readonly source: Source;
  readonly states: (signal: AbortSignal) => AsyncIterable<SourceState>;
}

export interface ControllerOptions {
  readonly feeds: readonly Feed[];
  /** Everything that building a table needs beside the services. */
  readonly rules: Omit<BuildInput, "services" | "standingOf" | "incumbents">;
  /** Connections open now on a replica, also on one that its source no longer lists. */
  readonly connectionsOn: (key: string, replica: string) => number;
  /** Hold back a mass loss until it is confirmed. */
  readonly shrinkGuard: boolean;
  /** In ms since the epoch, for display. */
  readonly clock: () => number;
  /** In ms, never going back, for everything that depends on how long ago something was. */
  readonly steadyClock: () => number;
  readonly logger: Logger;
  /** Hands a new table to the data plane; called with every version exactly once, in order. */
  readonly publish: (table: Table, changes: readonly RouteChange[]) => void;
}

/** How often a source whose answer is doubted is asked again, in ms; a little over what the guard counts as one look. */
const lookAgainMs = 10_500;

/** How often it is looked whether the connections of an unlisted replica have ended, in ms. */
const lingerMs = 1000;

/**
 * The only writer of routing tables. It takes full states from its feeds, settles and judges them, and publishes a
 * new frozen table only when it differs from the one before. A feed that fails keeps its last state.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #accepted = new Map<string, AcceptedState>();
  #verdicts = new Map<string, Verdict>();
  #table: Table = emptyTable;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  get table(): Table {
    return this.#table;
  }

  /** True once every feed has been heard and the table built from them has been published. */
  get complete(): boolean {
    return this.#options.feeds.every(({ source }) => this.#accepted.has(source.name));
  }

  /** Runs until the signal aborts; rejects only for a bug. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      ...this.#options.feeds.map((feed) => this.#follow(feed, signal)),
      repeat(lookAgainMs, signal, () => this.#lookAgain()),
      repeat(lingerMs, signal, () => this.#letLingeringGo()),
    ]);
  }

  /** A loss that was not believed wants a second look sooner than the source would take one. */
  #lookAgain(): void {
    for (const { source } of this.#options.feeds) {
      if (this.#accepted.get(source.name)?.doubtful === true) source.resync();
    }
  }

  /** Replicas that are only shown for their connections leave when those have ended, without the source saying a word. */
  #letLingeringGo(): void {
    if (hasLingering(this.#table.routes)) this.#rebuild();
  }

  async #follow(feed: Feed, signal: AbortSignal): Promise<void> {
    try {
      for await (const state of feed.states(signal)) this.#take(feed.source, state);
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }

  #take(source: Source, state: SourceState): void {
    const { steadyClock, logger, shrinkGuard } = this.#options;
    const accepted =
      this.#accepted.get(source.name) ??
      new AcceptedState({ source, logger, guarded: shrinkGuard });
    accepted.take(state, steadyClock());
    this.#accepted.set(source.name, accepted);
    // A table is complete or not shown: until every source has spoken, claims could be settled wrongly.
    if (this.complete) this.#rebuild();
  }

  #rebuild(): void {
    const { rules, logger, publish, connectionsOn } = this.#options;
    const now = this.#now();
    const states = [...this.#accepted.values()];
    const services = states.flatMap((state) => state.services);
    const standings = this.#judge(services, now);
    const { routes: before } = this.#table;
    const built = buildRoutes({
      ...rules,
      services,
      standingOf: (replica) => standings.get(replica) ?? judge(replica, undefined, now),
      incumbents: before,
    });
    const routes = keepLingering(built.routes, { before, connectionsOn, now: now.wall });
    const problems = [...states.flatMap((state) => state.problems), ...built.problems];
    const changes = diffRoutes(before, routes);
    const first = this.#table.version === 0;
    if (!first && changes.length === 0 && sameProblems(this.#table.problems, problems)) return;
    const version = this.#table.version + 1;
    this.#table = freezeTable({ version, updatedAt: now.wall, routes, problems });
    if (changes.length > 0 || first) {
      logger.info("routing changed", { version, changes: describeChanges(changes) });
    }
    publish(this.#table, changes);
  }

  #now(): Now {
    return { wall: this.#options.clock(), steady: this.#options.steadyClock() };
  }

  #judge(services: readonly Service[], now: Now): Map<Replica, Verdict> {
    const verdicts = new Map<string, Verdict>();
    const standings = new Map<Replica, Verdict>();
    for (const service of services) {
      for (const replica of service.replicas) {
        const id = `${service.source} ${replica.task}`;
        const verdict = judge(replica, this.#verdicts.get(id), now);
        verdicts.set(id, verdict);
        standings.set(replica, verdict);
      }
    }
    this.#verdicts = verdicts;
    return standings;
  }
}

function sameProblems(one: readonly Problem[], other: readonly Problem[]): boolean {
  if (one.length !== other.length) return false;
  const keys = new Set(one.map((problem) => problemKey(problem)));
  return other.every((problem) => keys.has(problemKey(problem)));
}
