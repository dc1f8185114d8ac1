import { asksRole, type CheckPolicy } from "../model/check.ts";
import type { Health, Replica, ReplicaState } from "../model/replica.ts";
import type { Checked } from "./checked.ts";

/** What is said of a replica now, and the last thing its source knew of it for certain. */
export interface Verdict {
  readonly state: ReplicaState;
  readonly reason: string;
  /** When the state was entered, in ms since the epoch. */
  readonly since: number;
  /**
   * While the source's word is `unknown`: its last one that was not, and when that ended on the steady clock. Undefined
   * while it is known, and where it never was.
   */
  readonly known: { readonly health: Health; readonly at: number } | undefined;
  /** The source's present word, and since when it has been that, in ms since the epoch. */
  readonly source: { readonly health: Health; readonly reason: string; readonly since: number };
}

/** One moment on two clocks. */
export interface Now {
  /** In ms since the epoch, for display. */
  readonly wall: number;
  /** In ms of a clock that never goes back, for ages. */
  readonly steady: number;
}

/** Everything that is known of a replica at one moment. */
export interface Signals {
  readonly replica: Replica;
  /** What our probes say; undefined where they do not look. */
  readonly checked: Checked | undefined;
  /** How it is to be checked. */
  readonly check: Pick<CheckPolicy, "health" | "kind">;
  /** Why what speaks against it is not believed yet; undefined when it is. */
  readonly heldBack: string | undefined;
}

/** How long a replica whose source lost its health results keeps its last verdict: one hour. */
export const memoryMs = 3_600_000;

/** When time alone will change this verdict, in ms of the steady clock; Infinity for never. */
export function expiryOf({ known }: Verdict): number {
  return known === undefined ? Infinity : known.at + memoryMs;
}

function lastKnown(
  { lastKnown: kept }: Replica,
  before: Verdict | undefined,
  now: Now,
): Verdict["known"] {
  if (before === undefined) {
    return kept && { health: kept.health, at: now.steady - Math.max(0, now.wall - kept.at) };
  }
  if (before.source.health === "unknown") return before.known;
  return { health: before.source.health, at: now.steady };
}

interface Decision {
  readonly state: ReplicaState;
  readonly reason: string;
}

/**
 * Judges one replica from every signal and from what was said before. With `both`, either may say that it is down.
 * Unknown inherits the last verdict for a bounded time, since a new Marathon leader has forgotten every result; a
 * replica never seen healthy waits for its first good sign, from whoever gives it. Where nothing is new, it is `before`.
 */
export function judge(signals: Signals, before: Verdict | undefined, now: Now): Verdict {
  const { health, reason: said } = signals.replica;
  const known = health === "unknown" ? lastKnown(signals.replica, before, now) : undefined;
  const { state, reason } = decide(signals, known, now.steady);
  const since = before !== undefined && before.state === state ? before.since : now.wall;
  const isSame = before?.source.health === health && before.source.reason === said;
  const source = isSame ? before.source : { health, reason: said, since: now.wall };
  const verdict = { state, reason, since, known, source };
  return before !== undefined && saysSame(before, verdict) ? before : verdict;
}

function saysSame(one: Verdict, other: Verdict): boolean {
  const isSameWord = one.known === other.known && one.source === other.source;
  return isSameWord && one.state === other.state && one.reason === other.reason;
}

function decide(signals: Signals, known: Verdict["known"], now: number): Decision {
  const { replica, check } = signals;
  if (replica.draining) return { state: "draining", reason: replica.reason };
  const theirs = sourceWord(replica, known, now);
  if (check.health === "marathon") return theirs;
  if (signals.heldBack !== undefined) return { state: "up", reason: signals.heldBack };
  const ours = ourWord(signals);
  if (ours === undefined) return unasked(theirs, check);
  if (check.health === "local") return ours;
  // Where both agree the source's word stands, so that the first probe of each replica is no news.
  const agree = replica.health === "up" && ours.state === "up";
  return replica.health === "down" || agree ? theirs : ours;
}

/** What is said of a replica before its first probe: a source knows whether it works, and nothing of its role. */
function unasked(theirs: Decision, { kind }: Signals["check"]): Decision {
  if (theirs.state !== "up" || !asksRole(kind)) return theirs;
  return { state: "unknown", reason: `${theirs.reason}; role not asked yet` };
}

/** What our probes say; undefined when they say nothing yet. */
function ourWord({ checked }: Signals): Decision | undefined {
  if (checked === undefined || checked.state === "unchecked") return undefined;
  return { state: checked.state, reason: `probe ${checked.because}` };
}

function sourceWord(replica: Replica, known: Verdict["known"], now: number): Decision {
  if (replica.health !== "unknown" || known === undefined) {
    return { state: replica.health, reason: replica.reason };
  }
  if (now - known.at > memoryMs) return { state: "unknown", reason: replica.reason };
  return { state: known.health, reason: `${replica.reason}; last known ${known.health}` };
}
