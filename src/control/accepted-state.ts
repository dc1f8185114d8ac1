import type { Source, SourceState } from "../discovery/source.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import type { Service } from "../model/service.ts";
import { guardLoss, type Doubt } from "../routing/guard.ts";

export interface AcceptedStateOptions {
  readonly source: Source;
  readonly logger: Logger;
  /** Hold back a mass loss until it is confirmed. */
  readonly guarded: boolean;
}

/** The part of one source's answers that is believed: a mass loss has to be seen more than once. */
export class AcceptedState {
  readonly #options: AcceptedStateOptions;
  #services: readonly Service[] = [];
  #problems: readonly Problem[] = [];
  #doubt: Doubt | undefined;

  constructor(options: AcceptedStateOptions) {
    this.#options = options;
  }

  get services(): readonly Service[] {
    return this.#services;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Takes the source's newest answer, at `now` in ms. */
  take(state: SourceState, now: number): void {
    if (!this.#options.guarded) {
      this.#services = state.services;
      this.#problems = state.problems;
      return;
    }
    const { source, logger } = this.#options;
    const decision = guardLoss(state, { served: this.#services, doubt: this.#doubt, now });
    this.#services = decision.services;
    if (decision.kind === "accepted") {
      if (decision.believed)
        logger.warn("mass loss confirmed and applied", { source: source.name });
      this.#doubt = undefined;
      this.#problems = state.problems;
      return;
    }
    this.#doubt = decision.doubt;
    const reason = `${source.name} no longer lists ${decision.lost} of ${decision.of} tasks: held back until further looks agree`;
    this.#problems = [...state.problems, { kind: "held-back", subject: source.name, reason }];
  }

  /** True while a loss waits for another look. */
  get doubtful(): boolean {
    return this.#doubt !== undefined;
  }
}
