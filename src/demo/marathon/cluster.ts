import type { ClusterState } from "./cluster-state.ts";
import type { DialectRules } from "./dialect.ts";
import type { MarathonEvent, Stamp } from "./events.ts";
import { formatTime } from "./fields.ts";

export interface ClusterOptions {
  readonly rules: DialectRules;
  readonly clock: () => number;
  readonly random: () => number;
}

const statesKept = 32;

/** Holds the current state and a short past, and passes every event to whoever listens; all members share one. */
export class Cluster {
  readonly rules: DialectRules;
  readonly random: () => number;
  readonly #clock: () => number;
  readonly #listeners = new Set<(event: MarathonEvent) => void>();
  /** Newest last. */
  #states: ClusterState[];
  #lastVersion = 0;
  #silent = false;

  constructor({ rules, clock, random }: ClusterOptions) {
    this.rules = rules;
    this.random = random;
    this.#clock = clock;
    this.#states = [{ apps: new Map(), deployments: [], pods: [], version: this.nextVersion() }];
  }

  get state(): ClusterState {
    return this.past(0);
  }

  /** The state so many changes ago; the oldest kept when that is too far back. */
  past(changes: number): ClusterState {
    const state = this.#states[Math.max(0, this.#states.length - 1 - changes)];
    if (state === undefined) throw new RangeError(`no state ${changes} changes ago`);
    return state;
  }

  /** Puts the result of `change` in place of the current state. */
  update(change: (state: ClusterState) => ClusterState): ClusterState {
    const next = change(this.state);
    if (next === this.state) return next;
    this.#states.push(next);
    if (this.#states.length > statesKept) this.#states.shift();
    return next;
  }

  get now(): string {
    return formatTime(this.#clock());
  }

  /** What an event built now is stamped with. */
  get stamp(): Stamp {
    return { rules: this.rules, at: this.now };
  }

  /** A time for a new version of an app: now, or a millisecond after the last one. */
  nextVersion(): string {
    this.#lastVersion = Math.max(Math.floor(this.#clock()), this.#lastVersion + 1);
    return formatTime(this.#lastVersion);
  }

  emit(...events: readonly MarathonEvent[]): void {
    if (this.#silent) return;
    for (const event of events) {
      for (const listener of this.#listeners) listener(event);
    }
  }

  onEvent(listener: (event: MarathonEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Runs a change whose events are lost. */
  silently<T>(change: () => T): T {
    const before = this.#silent;
    this.#silent = true;
    try {
      return change();
    } finally {
      this.#silent = before;
    }
  }
}
