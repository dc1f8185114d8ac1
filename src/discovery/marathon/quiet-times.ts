import { AnswerError } from "../answer-error.ts";
import type { Member } from "./members.ts";

/** Nobody may silence us for longer. */
const longestMs = 60_000;

/** Members that have asked to be left alone for a while. Times are ms on one monotonic clock of the caller. */
export class QuietTimes {
  readonly #until = new Map<Member, number>();

  /** Throws while the member is not to be asked. */
  check(member: Member, now: number): void {
    const leftMs = (this.#until.get(member) ?? 0) - now;
    if (leftMs > 0)
      throw new AnswerError("status", `asked not to be asked for ${Math.ceil(leftMs / 1000)} s`);
  }

  /** Takes note of how a request to the member failed. */
  note(member: Member, error: unknown, now: number): void {
    if (!(error instanceof AnswerError) || error.retryAfterMs === undefined) return;
    this.#until.set(member, now + Math.min(error.retryAfterMs, longestMs));
  }
}
