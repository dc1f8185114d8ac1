import type { Socket } from "node:net";
import type { Held, HeldFor } from "../tcp/flow.ts";

/** Part of a time limit after which the kernel is asked for the first time, for a second look to be compared with. */
const doubtfulShare = 1 / 4;

/** Tells for how long nothing has moved between a client and a replica, as seen by calls of `stillFor`. */
export class Movement {
  readonly #heldFor: HeldFor;
  #mark = -1;
  #movedAt = 0;
  #looks: Looks = noLooks;

  constructor(heldFor: HeldFor) {
    this.#heldFor = heldFor;
  }

  /** In ms; `now` is of a clock that never goes back. */
  stillFor(now: number, sockets: readonly (Socket | undefined)[]): number {
    let mark = 0;
    for (const socket of sockets) {
      if (socket !== undefined)
        mark += socket.bytesRead + socket.bytesWritten - socket.writableLength;
    }
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#moved(now);
    }
    return now - this.#movedAt;
  }

  /**
   * True when nothing has moved for so long, in ms, and the kernel was found to hold the same for `full`, for which
   * bytes wait: of a slow side's taking nothing else is seen for minutes. It is asked by and by, so that a later call
   * knows; what it holds less than before counts as movement.
   */
  hasStopped(now: number, full: Socket, limitMs: number): boolean {
    const stillMs = now - this.#movedAt;
    if (this.#looks.count >= 2 && stillMs >= limitMs) return true;
    const dueMs = this.#looks.count === 0 ? limitMs * doubtfulShare : limitMs;
    if (stillMs >= dueMs && !this.#looks.isUnderWay) void this.#ask(now, full);
    return false;
  }

  async #ask(now: number, full: Socket): Promise<void> {
    const { count, held: before } = this.#looks;
    const asked = { count, held: before, isUnderWay: true };
    this.#looks = asked;
    const held = await this.#heldFor(full, before?.at ?? this.#movedAt);
    // What was seen to move meanwhile is not in it.
    if (this.#looks !== asked) return;
    const hasMoved = before !== undefined && held !== undefined && held.bytes !== before.bytes;
    if (hasMoved) this.#moved(now);
    this.#looks = { count: hasMoved ? 1 : count + 1, held, isUnderWay: false };
  }

  #moved(now: number): void {
    this.#movedAt = now;
    this.#looks = noLooks;
  }
}

/** What the kernel was asked since a byte was seen to move. */
interface Looks {
  readonly count: number;
  /** Undefined where it does not say. */
  readonly held: Held | undefined;
  readonly isUnderWay: boolean;
}

const noLooks: Looks = { count: 0, held: undefined, isUnderWay: false };
