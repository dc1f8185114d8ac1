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
  /** What it had waited for a processor when it was first missed, in ms. */
  waited: number | undefined;
  isTold: boolean;
}

/** How long this worker has waited for a processor in its life, in ms; 0 where the kernel does not say. */
export type WaitedFor = (worker: number) => number;

/**
 * Notices worker threads whose event loop no longer turns: each beats in shared memory once a second. Such a thread
 * accepts and answers nothing, and nothing but its end brings its share of the ports back. Who could run and gets no
 * processor does not stand still: on a crowded host a turn of a busy loop, some 50,000 reads, takes many seconds, and its end
 * would end every connection.
 */
export class Watchdog {
  /** A beat per worker; each counts its own up. */
  readonly cells: SharedArrayBuffer;
  readonly #beats: Int32Array;
  /** By worker, those that run. */
  readonly #pulses = new Map<number, Pulse>();
  readonly #waitedFor: WaitedFor;
  #lookedAt = -Infinity;

  constructor(workers: number, waitedFor: WaitedFor) {
    this.#waitedFor = waitedFor;
    this.cells = new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT);
    this.#beats = new Int32Array(this.cells);
  }

  /** A worker begins to beat at `now`, in ms of a clock that never goes back. */
  began(worker: number, now: number): void {
    this.#pulses.set(worker, freshPulse(this.#beatOf(worker), now));
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
        this.#pulses.set(worker, freshPulse(beat, now));
        continue;
      }
      const waited = this.#waitedFor(worker);
      pulse.waited ??= waited;
      const forMs = now - pulse.movedAt - (waited - pulse.waited);
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

function freshPulse(beat: number, now: number): Pulse {
  return { beat, movedAt: now, waited: undefined, isTold: false };
}
