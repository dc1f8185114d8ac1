/** How long a thread may stand still before that is told, and before it is ended; in ms. */
const limits = { told: 2000, ended: 10_000 } as const;

/** Looks further apart than this, in ms, mean that we stood still ourselves, and know nothing of others. */
const ownStallMs = 3000;

/** A worker that stands still, for the first time or for too long. */
export interface Still {
  readonly worker: number;
  readonly forMs: number;
  readonly isTooLong: boolean;
}

interface Pulse {
  beat: number;
  /** When the beat was last seen to move, in ms. */
  movedAt: number;
  isTold: boolean;
}

/**
 * Notices worker threads whose event loop no longer turns: each beats in shared memory once a second. Such a thread
 * accepts and answers nothing, and nothing but its end brings its share of the ports back.
 */
export class Watchdog {
  /** A beat per worker; each counts its own up. */
  readonly cells: SharedArrayBuffer;
  readonly #beats: Int32Array;
  /** By worker, those that run. */
  readonly #pulses = new Map<number, Pulse>();
  #lookedAt = -Infinity;

  constructor(workers: number) {
    this.cells = new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT);
    this.#beats = new Int32Array(this.cells);
  }

  /** A worker begins to beat at `now`, in ms of a clock that never goes back. */
  began(worker: number, now: number): void {
    this.#pulses.set(worker, { beat: this.#beatOf(worker), movedAt: now, isTold: false });
  }

  /** A worker has ended, or is about to. */
  ended(worker: number): void {
    this.#pulses.delete(worker);
  }

  /** The workers that stand still: each is told of once, and again when it is too long. To be asked every second. */
  look(now: number): Still[] {
    const wasAway = now - this.#lookedAt > ownStallMs;
    this.#lookedAt = now;
    const still: Still[] = [];
    for (const [worker, pulse] of this.#pulses) {
      const beat = this.#beatOf(worker);
      if (beat !== pulse.beat || wasAway) {
        this.#pulses.set(worker, { beat, movedAt: now, isTold: false });
        continue;
      }
      const forMs = now - pulse.movedAt;
      const isTooLong = forMs >= limits.ended;
      if (isTooLong || (forMs >= limits.told && !pulse.isTold)) {
        still.push({ worker, forMs, isTooLong });
        pulse.isTold = true;
      }
    }
    return still;
  }

  #beatOf(worker: number): number {
    return Atomics.load(this.#beats, worker);
  }
}
