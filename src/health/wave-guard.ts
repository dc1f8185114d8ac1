/** One replica that is said not to work. */
export interface Failing {
  readonly id: string;
  /** True when it may be us or its source who lost the network: it was not heard, or two opinions contradict each other. */
  readonly isDoubtful: boolean;
  /** True when it was in use until now, held back or not. */
  readonly wasUp: boolean;
}

/** Failures that are doubted. */
export interface Wave {
  /** Replicas whose failure is not believed yet. */
  readonly held: ReadonlySet<string>;
  /** When it began, in ms of a clock that never goes back. */
  readonly since: number;
  /** Replicas that were in use when it began. */
  readonly of: number;
}

/** How long most replicas must keep failing before that is believed, in ms. */
export const confirmMs = 30_000;

/** Waves of fewer failures are believed at once. */
const smallWave = 4;

interface Failure {
  readonly since: number;
  readonly isDoubtful: boolean;
}

/**
 * Doubts that more than half of what is in use fails at the same time: more likely it is we who lost the network. The
 * failures are held back until they have lasted for half a minute; the first that is well again ends its own part.
 */
export class WaveGuard {
  /** What fails now and was in use before. */
  #failing = new Map<string, Failure>();
  /** Failures that lasted long enough, or came alone. */
  #believed = new Set<string>();

  /** Takes all that fail beside so many in use, at `now` in ms of a clock that never goes back; the wave that is held back, if any. */
  take(replicas: readonly Failing[], inUse: number, now: number): Wave | undefined {
    this.#follow(replicas, now);
    const recent = [...this.#failing].filter(([id]) => !this.#believed.has(id));
    const doubtful = recent.filter(([, { isDoubtful }]) => isDoubtful);
    const of = inUse + recent.length;
    const since = Math.min(...doubtful.map(([, failure]) => failure.since));
    const isWave = doubtful.length >= smallWave && doubtful.length * 2 > of;
    if (isWave && now - since < confirmMs) {
      return { held: new Set(doubtful.map(([id]) => id)), since, of };
    }
    for (const [id, failure] of isWave ? doubtful : recent) {
      if (isWave || now - failure.since >= confirmMs) this.#believed.add(id);
    }
    return undefined;
  }

  #follow(replicas: readonly Failing[], now: number): void {
    const failing = new Map<string, Failure>();
    for (const { id, isDoubtful, wasUp } of replicas) {
      const before = this.#failing.get(id);
      // What was out of use before it ever failed is no loss; and who once said no itself is not asked for doubts later.
      if (before === undefined && wasUp) failing.set(id, { since: now, isDoubtful });
      else if (before !== undefined)
        failing.set(id, { ...before, isDoubtful: before.isDoubtful && isDoubtful });
    }
    this.#failing = failing;
    for (const id of this.#believed) if (!failing.has(id)) this.#believed.delete(id);
  }
}
