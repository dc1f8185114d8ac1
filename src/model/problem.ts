/** Kinds of things that were clamped, skipped, in conflict or failing; a closed list, used as metric label. */
type ProblemKind =
  | "invalid-item"
  | "invalid-label"
  | "invalid-port"
  | "port-conflict"
  | "port-refused"
  | "host-conflict"
  | "host-refused"
  | "certificate"
  | "bind-failed"
  | "unresolved-host"
  | "unsupported"
  | "held-back"
  | "source-unread"
  | "restored"
  | "limit-reached"
  | "workers-dying";

/** One bad thing that harmed only itself: what it is about and what was done. */
export interface Problem {
  readonly kind: ProblemKind;
  /** An app id, a service key or a source name. */
  readonly subject: string;
  /** What is wrong, where, and what was done about it, in one bounded sentence. */
  readonly reason: string;
}

const longestReason = 300;
// Control characters and line separators would let an app owner forge lines in logs and on terminals.
// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** Makes foreign text safe to show: control characters replaced, length bounded. */
export function printable(text: string, limit: number = longestReason): string {
  const clean = text.slice(0, limit + 1).replaceAll(unprintable, "\uFFFD");
  return text.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

/** Two problems are the same when they say the same of the same subject. */
export function problemKey(problem: Problem): string {
  return `${problem.kind} ${problem.subject} ${problem.reason}`;
}
