/** One replica whose probes fail. */
export interface Failing {
  readonly id: string;
  /** True when its probes were answered by a clear no, which our own network cannot make up. */
  readonly isDecided: boolean;
  /** True when it was in use until now, held back or not. */
  readonly wasUp: boolean;
}

/** Failures that are doubted. */
export interface Wave {
  /** Replicas whose failure is not believed yet. */
  readonly held: ReadonlySet<string>;
  /** When it began, in ms of a clock that never goes back. */
  readonly since: number;
  /** Replicas that are probed in all. */
  readonly of: number;
}

/** How long most replicas must keep failing before that is believed, in ms. */
export const confirmMs = 30_000;

/** Waves of fewer failures are believed at once. */
const smallWave = 4;

/**
 * Doubts that more than half of all replicas fail at the same time: more likely it is we who lost the network. The
 * failures are held back until they have lasted for half a minute; the first that is well again ends its own part.
 */
export class WaveGuard {
  /** When each replica that fails now began to, in ms. */
  #failing = new Map<string, number>();
  /** Failures that lasted long enough, or came alone. */
  #believed = new Set<string>();

  /** Takes all that fail of so many probed, at `now` in ms of a clock that never goes back; the wave that is held back, if any. */
  take(replicas: readonly Failing[], of: number, now: number): Wave | undefined {
    this.#follow(replicas, now);
    const recent = [...this.#failing].filter(([id]) => !this.#believed.has(id));
    const since = Math.min(...recent.map(([, at]) => at));
    const isWave = recent.length >= smallWave && recent.length * 2 > of;
    if (!isWave || now - since >= confirmMs) {
      for (const [id, at] of recent) if (isWave || now - at >= confirmMs) this.#believed.add(id);
      return undefined;
    }
    return { held: new Set(recent.map(([id]) => id)), since, of };
  }

  #follow(replicas: readonly Failing[], now: number): void {
    const failing = new Map<string, number>();
    for (const { id, isDecided, wasUp } of replicas) {
      const began = this.#failing.get(id);
      if (began !== undefined) failing.set(id, began);
      // What was out of use before it was ever probed is no loss, and a clear no needs no doubt.
      else if (wasUp && !isDecided) failing.set(id, now);
    }
    this.#failing = failing;
    for (const id of this.#believed) if (!failing.has(id)) this.#believed.delete(id);
  }
}
