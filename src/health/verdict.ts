import type { Health, Replica, ReplicaState } from "../model/replica.ts";

/** What is said of a replica now, and the last thing its source knew of it for certain. */
export interface Verdict {
  readonly state: ReplicaState;
  readonly reason: string;
  /** When the state was entered, in ms since the epoch. */
  readonly since: number;
  /** The last verdict that was not `unknown`, with its time on the steady clock. */
  readonly known: { readonly health: Health; readonly at: number } | undefined;
}

/** One moment on two clocks. */
export interface Now {
  /** In ms since the epoch, for display. */
  readonly wall: number;
  /** In ms of a clock that never goes back, for ages. */
  readonly steady: number;
}

/** How long a replica whose source lost its health results keeps its last verdict: one hour. */
export const memoryMs = 3_600_000;

/**
 * Judges one replica from its source's word and from what was said before. Unknown inherits the last verdict for a
 * bounded time, since a new Marathon leader has forgotten every result; a replica never seen healthy waits.
 */
export function judge(replica: Replica, before: Verdict | undefined, now: Now): Verdict {
  const { steady, wall } = now;
  const known =
    replica.health === "unknown" ? before?.known : { health: replica.health, at: steady };
  const { state, reason } = decide(replica, known, steady);
  const since = before !== undefined && before.state === state ? before.since : wall;
  return { state, reason, since, known };
}

function decide(
  replica: Replica,
  known: Verdict["known"],
  now: number,
): { state: ReplicaState; reason: string } {
  if (replica.draining) return { state: "draining", reason: replica.reason };
  if (replica.health !== "unknown" || known === undefined) {
    return { state: replica.health, reason: replica.reason };
  }
  if (now - known.at > memoryMs) return { state: "unknown", reason: replica.reason };
  return { state: known.health, reason: `${replica.reason}; last known ${known.health}` };
}
