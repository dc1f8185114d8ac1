import { Alarm } from "../async/alarm.ts";
import { repeat } from "../async/repeat.ts";
import { isAbort } from "../async/sleep.ts";
import type { Source, SourceState } from "../discovery/source.ts";
import type { Checks } from "../health/checks.ts";
import { Judgements } from "../health/judgements.ts";
import type { Now } from "../health/verdict.ts";
import type { Explanation } from "../model/explanation.ts";
import type { Logger } from "../model/logger.ts";
import { problemKey, type Problem } from "../model/problem.ts";
import type { Service } from "../model/service.ts";
import { RouteBuilder, type BuildInput } from "../routing/build.ts";
import { describeChanges } from "../routing/describe.ts";
import { diffRoutes, sameRoute, type RouteChange } from "../routing/diff.ts";
import { hasLingering, keepLingering } from "../routing/linger.ts";
import { emptyTable, freezeTable, type Route, type Table } from "../routing/table.ts";
import { AcceptedState } from "./accepted-state.ts";
import { Overrides, type Override } from "./overrides.ts";
import { explain, type LiveEvidence } from "./explain.ts";

/** A source and the states to take from it (its own, or the same after name resolution). */
export interface Feed {
  readonly source: Source;
  readonly states: (signal: AbortSignal) => AsyncIterable<SourceState>;
}

export interface ControllerOptions {
  readonly feeds: readonly Feed[];
  /** Everything that building a table needs beside the services. */
  readonly rules: Omit<BuildInput, "services" | "standingsOf" | "incumbents">;
  /** What our own probes look at. */
  readonly checks: Checks;
  /** What the sources said before we were started, served until they answer; undefined when nothing is known. */
  readonly restored?:
    | { readonly services: readonly Service[]; readonly savedAt: number }
    | undefined;
  /** Told what the sources say, with what is remembered of it, once all of them have answered. */
  readonly heard?: (services: readonly Service[]) => void;
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

/** How often it is looked whether time alone has changed something, in ms. */
const passingMs = 1000;

/** Verdicts that change within this time are published together, in ms; longer where building a table takes long. */
const gatherMs = { least: 20, most: 500 } as const;

/** The share of its time that this thread spends on verdicts that keep changing: one part of this many. */
const restFactor = 5;

/**
 * The only writer of routing tables. It takes full states from its feeds, settles and judges them, and publishes a
 * new frozen table only when it differs from the one before. A feed that fails keeps its last state.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #accepted = new Map<string, AcceptedState>();
  readonly #judgements: Judgements;
  readonly #builder = new RouteBuilder();
  readonly #stirred = new Alarm();
  #isStirred = false;
  readonly #overrides = new Overrides();
  /** What is served by, as the sources and the operators want it. */
  #services: readonly Service[] = [];
  #rules: ControllerOptions["rules"];
  #table: Table = emptyTable;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#rules = options.rules;
    this.#judgements = new Judgements(options.checks, options.shrinkGuard);
  }

  get table(): Table {
    return this.#table;
  }

  /** True once every feed has been heard and the table built from them has been published. */
  get complete(): boolean {
    return this.#options.feeds.every(({ source }) => this.#accepted.has(source.name));
  }

  /** True once every source has answered itself. */
  get isHeard(): boolean {
    return this.complete && this.#accepted.values().every(({ isHeard }) => isHeard);
  }

  /** Runs until the signal aborts; rejects only for a bug. */
  async run(signal: AbortSignal): Promise<void> {
    this.#restore();
    await Promise.all([
      ...this.#options.feeds.map((feed) => this.#follow(feed, signal)),
      repeat(lookAgainMs, signal, () => this.#lookAgain()),
      repeat(passingMs, signal, () => this.#letTimePass()),
      this.#followProbes(signal),
    ]);
  }

  /** From now on tables are built by these rules. */
  follow(rules: ControllerOptions["rules"]): void {
    this.#rules = rules;
    if (this.complete) this.#followServices();
  }

  /** Has a replica drained or weighed as an operator wants it; undefined takes that back. False when there is no such replica. */
  override(address: string, override: Override | undefined): boolean {
    if (!this.#overrides.set(address, override, this.#services)) return false;
    const change = override ?? { kind: "none" };
    this.#options.logger.info("an operator changes a replica", { replica: address, ...change });
    this.#followServices();
    return true;
  }

  /** Our probes found something new: the table follows within a moment. */
  stir(): void {
    this.#isStirred = true;
    this.#stirred.ring();
  }

  /** What a source says and is not believed wants a second look sooner than the source would take one. */
  #lookAgain(): void {
    for (const { source } of this.#options.feeds) {
      const isDoubted = this.#judgements.doubts(source.name);
      if (isDoubted || this.#accepted.get(source.name)?.doubtful === true) source.resync();
    }
  }

  /** Replicas that are only shown for their connections leave when those have ended; doubted failures become certain. */
  #letTimePass(): void {
    if (hasLingering(this.#table.routes) || this.#judgements.doubtful) this.#rebuild();
  }

  async #followProbes(signal: AbortSignal): Promise<void> {
    let restMs: number = gatherMs.least;
    while (!signal.aborted) {
      if (!this.#isStirred) await this.#stirred.wait(Infinity, signal);
      if (signal.aborted) return;
      await new Alarm().wait(restMs, signal);
      this.#isStirred = false;
      const startedAt = this.#options.steadyClock();
      if (this.complete) this.#rebuild();
      const tookMs = this.#options.steadyClock() - startedAt;
      restMs = Math.min(gatherMs.most, Math.max(gatherMs.least, restFactor * tookMs));
    }
  }

  /** Everything that is known of an app's replicas; undefined when no source lists it. */
  explain(app: string, live: LiveEvidence): Explanation | undefined {
    return explain(app, {
      services: this.#services,
      routes: this.#table.routes,
      judgements: this.#judgements,
      checks: this.#options.checks,
      ...live,
      now: this.#now(),
    });
  }

  async #follow(feed: Feed, signal: AbortSignal): Promise<void> {
    try {
      for await (const state of feed.states(signal)) this.#take(feed.source, state);
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }

  #take(source: Source, state: SourceState): void {
    this.#acceptedOf(source).take(state, this.#options.steadyClock());
    // A table is complete or not shown: until every source has spoken, claims could be settled wrongly.
    if (!this.complete) return;
    this.#followServices();
    if (!this.isHeard) return;
    const said = [...this.#accepted.values()].flatMap(({ services }) => services);
    this.#options.heard?.(this.#judgements.remembering(said, this.#now()));
  }

  /** Serves what is known from before, for as long as the sources have no answer. */
  #restore(): void {
    const { restored, feeds, logger } = this.#options;
    if (restored === undefined) return;
    const { services, savedAt } = restored;
    for (const { source } of feeds) {
      const own = services.filter((service) => service.source === source.name);
      this.#acceptedOf(source).restore(own, savedAt);
    }
    logger.warn("serving what the sources said before the start", { services: services.length });
    this.#followServices();
  }

  #followServices(): void {
    const accepted = [...this.#accepted.values()].flatMap(({ services }) => services);
    this.#services = this.#overrides.apply(accepted);
    this.#options.checks.follow(this.#services);
    this.#rebuild();
  }

  #acceptedOf(source: Source): AcceptedState {
    const { logger, shrinkGuard } = this.#options;
    const known = this.#accepted.get(source.name);
    if (known !== undefined) return known;
    const fresh = new AcceptedState({ source, logger, guarded: shrinkGuard });
    this.#accepted.set(source.name, fresh);
    return fresh;
  }

  #rebuild(): void {
    const { logger, publish, connectionsOn } = this.#options;
    const now = this.#now();
    const services = this.#services;
    this.#judgements.judge(services, now);
    const { routes: before, apart = [], problems: known } = this.#table;
    const built = this.#builder.build({
      ...this.#rules,
      services,
      standingsOf: (service) => this.#judgements.of(service) ?? [],
      incumbents: before,
    });
    const routes = keepLingering(built.routes, { before, connectionsOn, now: now.wall });
    const problems = [...this.#problems(), ...built.problems];
    const changes = diffRoutes(before, routes);
    const first = this.#table.version === 0;
    const isSame = changes.length === 0 && sameProblems(known, problems);
    if (!first && isSame && sameRoutes(apart, built.apart)) return;
    const version = this.#table.version + 1;
    const told = built.apart.length === 0 ? {} : { apart: built.apart };
    this.#table = freezeTable({ version, updatedAt: now.wall, routes, ...told, problems });
    if (changes.length > 0 || first) {
      logger.info("routing changed", { version, changes: describeChanges(changes) });
    }
    publish(this.#table, changes);
  }

  #now(): Now {
    return { wall: this.#options.clock(), steady: this.#options.steadyClock() };
  }

  /** Apps of which a source's reader skipped or clamped something, counted by source. */
  invalidBySource(): Map<string, number> {
    const entries = Array.from(this.#accepted, ([source, { problems }]): [string, number] => {
      const apps = problems.filter(({ kind }) => kind.startsWith("invalid-"));
      return [source, new Set(apps.map(({ subject }) => subject)).size];
    });
    return new Map(entries);
  }

  #problems(): Problem[] {
    const ofSources = [...this.#accepted.values()].flatMap(({ problems }) => problems);
    return [...ofSources, ...this.#judgements.problems];
  }
}

function sameRoutes(one: readonly Route[], other: readonly Route[]): boolean {
  if (one.length !== other.length) return false;
  return one.every((route, index) => {
    const counterpart = other[index];
    if (route === counterpart) return true;
    return counterpart?.key === route.key && sameRoute(route, counterpart);
  });
}

function sameProblems(one: readonly Problem[], other: readonly Problem[]): boolean {
  if (one.length !== other.length) return false;
  const keys = new Set(one.map((problem) => problemKey(problem)));
  return other.every((problem) => keys.has(problemKey(problem)));
}
