import type { Source, SourceState } from "../discovery/source.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import type { Service } from "../model/service.ts";
import { guardLoss, idOf, type Doubts } from "../routing/guard.ts";

export interface AcceptedStateOptions {
  readonly source: Source;
  readonly logger: Logger;
  /** Hold back a loss that nobody announced until it is confirmed. */
  readonly guarded: boolean;
}

/** The part of one source's answers that is believed: a loss that nobody announced has to be seen more than once. */
export class AcceptedState {
  readonly #options: AcceptedStateOptions;
  #services: readonly Service[] = [];
  #problems: readonly Problem[] = [];
  #doubts: Doubts = new Map();
  #isRestored = false;
  #isPartial = false;

  constructor(options: AcceptedStateOptions) {
    this.#options = options;
  }

  get services(): readonly Service[] {
    return this.#services;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Begins with what the source said before we were started, `at` in ms since the epoch. */
  restore(services: readonly Service[], at: number): void {
    const { name } = this.#options.source;
    const when = new Date(at).toISOString();
    const reason = `${name} has not answered since the start: its services are as they were at ${when}`;
    this.#services = services;
    this.#problems = [{ kind: "restored", subject: name, reason }];
    this.#isRestored = true;
  }

  /** True once the source itself has answered, and all names in its answer have been asked for. */
  get isHeard(): boolean {
    return !this.#isRestored && !this.#isPartial;
  }

  /** Takes the source's newest answer, at `now` in ms. */
  take(state: SourceState, now: number): void {
    this.#isPartial = state.isPartial === true;
    if (this.#isPartial) {
      this.#services = besides(state.services, this.#services);
      if (!this.#isRestored) this.#problems = state.problems;
      return;
    }
    this.#isRestored = false;
    if (!this.#options.guarded) {
      this.#services = state.services;
      this.#problems = state.problems;
      return;
    }
    const { source, logger } = this.#options;
    const look = { served: this.#services, doubts: this.#doubts, now };
    const { services, doubts, believed, of } = guardLoss(state, look);
    this.#services = services;
    this.#doubts = doubts;
    if (believed > 0) {
      logger.warn("doubted loss confirmed and applied", { source: source.name, tasks: believed });
    }
    const reason = `${source.name} no longer lists ${doubts.size} of ${of} tasks, and no event announced it: held back until further looks agree`;
    const held: Problem = { kind: "held-back", subject: source.name, reason };
    this.#problems = doubts.size === 0 ? state.problems : [...state.problems, held];
  }

  /** True while a loss waits for another look. */
  get doubtful(): boolean {
    return this.#doubts.size > 0;
  }
}

/** A partial state: what it lacks, and what it waits for, stays as it is served. */
function besides(partial: readonly Service[], served: readonly Service[]): readonly Service[] {
  const left = new Map(served.map((service) => [idOf(service), service]));
  const merged = partial.map((service) => {
    const known = left.get(idOf(service));
    left.delete(idOf(service));
    const isBetter = service.isAwaited === true && known !== undefined && known.isAwaited !== true;
    return isBetter ? known : service;
  });
  return [...merged, ...left.values()];
}
