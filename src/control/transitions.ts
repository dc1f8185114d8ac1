import type { TransitionFigures } from "../model/figures.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { Route, RoutedReplica } from "../routing/table.ts";

type Counts = { -readonly [K in keyof TransitionFigures]: TransitionFigures[K] };

/**
 * Counts how often replicas of each service came up and went down, from 0 on, so that the first time is an increase;
 * those of services that are gone are forgotten.
 */
export class Transitions {
  readonly #byKey = new Map<string, Counts>();

  /** Takes note of what a new table changed. */
  note(changes: readonly RouteChange[]): void {
    for (const change of changes) {
      if (change.kind === "removed") this.#byKey.delete(change.key);
      else if (change.kind === "changed") this.#compare(change.before, change.after);
      else this.#countsOf(change.after);
    }
  }

  figures(): TransitionFigures[] {
    return [...this.#byKey.values()];
  }

  #compare(before: Route, after: Route): void {
    const counts = this.#countsOf(after);
    const old = new Map(before.replicas.map((replica) => [replica.key, replica]));
    for (const replica of after.replicas) {
      const was = old.get(replica.key);
      if (was === undefined || isUp(was) === isUp(replica)) continue;
      counts[isUp(replica) ? "up" : "down"] += 1;
    }
  }

  #countsOf({ key, name, port, protocol }: Route): Counts {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const fresh = { service: `${name}:${port}`, protocol, up: 0, down: 0 };
    this.#byKey.set(key, fresh);
    return fresh;
  }
}

function isUp({ state }: RoutedReplica): boolean {
  return state === "up";
}
