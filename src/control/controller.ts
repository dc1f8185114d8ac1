import { repeat } from "../async/repeat.ts";
import { isAbort } from "../async/sleep.ts";
import type { Source, SourceState } from "../discovery/source.ts";
import { judge, type Verdict } from "../health/verdict.ts";
import type { Logger } from "../model/logger.ts";
import { problemKey, type Problem } from "../model/problem.ts";
import type { Replica } from "../model/replica.ts";
import type { ServicePolicy } from "../model/policy.ts";
import type { Service } from "../model/service.ts";
import { buildRoutes } from "../routing/build.ts";
import type { PortPolicy } from "../routing/claims.ts";
import { describeChanges } from "../routing/describe.ts";
import { diffRoutes, type RouteChange } from "../routing/diff.ts";
import { emptyTable, freezeTable, type Table } from "../routing/table.ts";
import { AcceptedState } from "./accepted-state.ts";

/** A source and the states to take from it (its own, or the same after name resolution). */
export interface Feed {
  readonly source: Source;
  readonly states: (signal: AbortSignal) => AsyncIterable<SourceState>;
}

export interface ControllerOptions {
  readonly feeds: readonly Feed[];
  readonly ports: PortPolicy;
  readonly defaultPolicy: ServicePolicy;
  /** Hold back a mass loss until it is confirmed. */
  readonly shrinkGuard: boolean;
  readonly clock: () => number;
  readonly logger: Logger;
  /** Hands a new table to the data plane; called with every version exactly once, in order. */
  readonly publish: (table: Table, changes: readonly RouteChange[]) => void;
}

/** How often a source whose answer is doubted is asked again, in ms; a little over what the guard counts as one look. */
const lookAgainMs = 10_500;

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
    const following = this.#options.feeds.map((feed) => this.#follow(feed, signal));
    await Promise.all([...following, repeat(lookAgainMs, signal, () => this.#lookAgain())]);
  }

  /** A loss that was not believed wants a second look sooner than the source would take one. */
  #lookAgain(): void {
    for (const { source } of this.#options.feeds) {
      if (this.#accepted.get(source.name)?.doubtful === true) source.resync();
    }
  }

  async #follow(feed: Feed, signal: AbortSignal): Promise<void> {
    try {
      for await (const state of feed.states(signal)) this.#take(feed.source, state);
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }

  #take(source: Source, state: SourceState): void {
    const { clock, logger, shrinkGuard } = this.#options;
    const accepted =
      this.#accepted.get(source.name) ??
      new AcceptedState({ source, logger, guarded: shrinkGuard });
    accepted.take(state, clock());
    this.#accepted.set(source.name, accepted);
    // A table is complete or not shown: until every source has spoken, claims could be settled wrongly.
    if (this.complete) this.#rebuild();
  }

  #rebuild(): void {
    const { ports, defaultPolicy, clock, logger, publish } = this.#options;
    const states = [...this.#accepted.values()];
    const services = states.flatMap((state) => state.services);
    const standings = this.#judge(services, clock());
    const built = buildRoutes({
      services,
      standingOf: (replica) => standings.get(replica) ?? judge(replica, undefined, clock()),
      incumbents: this.#table.routes,
      ports,
      defaultPolicy,
    });
    const problems = [...states.flatMap((state) => state.problems), ...built.problems];
    const changes = diffRoutes(this.#table.routes, built.routes);
    const first = this.#table.version === 0;
    if (!first && changes.length === 0 && sameProblems(this.#table.problems, problems)) return;
    const version = this.#table.version + 1;
    this.#table = freezeTable({ version, updatedAt: clock(), routes: built.routes, problems });
    if (changes.length > 0 || first) {
      logger.info("routing changed", { version, changes: describeChanges(changes) });
    }
    publish(this.#table, changes);
  }

  #judge(services: readonly Service[], now: number): Map<Replica, Verdict> {
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
