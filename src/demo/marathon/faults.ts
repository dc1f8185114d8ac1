/** A way for a member to misbehave. */
export type Fault =
  /** Answers with this status; the body defaults to an error page. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** 200 with `Content-Length: 0`. */
  | { readonly kind: "empty" }
  /** 200 with an HTML page, as a login page in between would. */
  | { readonly kind: "html" }
  /** Accepts the request and never answers. */
  | { readonly kind: "hang" }
  /** Resets the connection. */
  | { readonly kind: "reset" }
  /** Writes these bytes instead of an answer, then ends the connection. */
  | { readonly kind: "raw"; readonly payload: string | Uint8Array }
  /** Answers this much later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Answers from the state so many changes ago. */
  | { readonly kind: "stale"; readonly versionsBack: number }
  /** The first bytes of the true body; `framed` makes them look like a whole answer, otherwise the connection breaks. */
  | { readonly kind: "truncate"; readonly bytes: number; readonly framed?: boolean }
  /** Half of the true body, and then nothing. */
  | { readonly kind: "stall-body" }
  /** The true body without length or chunks, ended by closing. */
  | { readonly kind: "close-delimited" }
  /** Streams send neither heartbeats nor events, and stay open. */
  | { readonly kind: "silent" }
  /** A new stream ends as soon as its head is out. */
  | { readonly kind: "end" }
  /** A new stream is refused with this status. */
  | { readonly kind: "refuse-stream"; readonly status: number };

/** Where a fault applies. */
export interface FaultScope {
  /** Default: every member. */
  readonly member?: number;
  /** Tested against the path below the prefix; default: every path the kind makes sense for. */
  readonly path?: RegExp;
  /** Requests (or new streams) it lasts for; default: until it is taken back. */
  readonly times?: number;
}

interface Entry {
  readonly fault: Fault;
  readonly scope: FaultScope;
  left: number;
}

const streamKinds = new Set<Fault["kind"]>(["silent", "end", "refuse-stream"]);
const bodyKinds = new Set<Fault["kind"]>(["stale", "truncate", "stall-body", "close-delimited"]);

/** The faults in force; the newest that applies wins. */
export class FaultBook {
  #entries: readonly Entry[] = [];

  /** Sets a fault in place of the one with the same member and path; undefined takes faults within the scope back. */
  set(fault: Fault | undefined, scope: FaultScope): void {
    const isKept = ({ scope: other }: Entry): boolean =>
      fault === undefined ? !covers(scope, other) : !isSame(scope, other);
    const kept = this.#entries.filter(isKept);
    const left = scope.times ?? Number.POSITIVE_INFINITY;
    this.#entries = fault === undefined ? kept : [{ fault, scope, left }, ...kept];
  }

  /** The fault for one request, counted as used. */
  take(member: number, path: string): Fault | undefined {
    const isStream = path.startsWith("/v2/events");
    const entry = this.#entries.find(
      ({ fault, scope, left }) =>
        left > 0 &&
        (scope.member ?? member) === member &&
        (scope.path?.test(path) ?? true) &&
        !(isStream ? bodyKinds : streamKinds).has(fault.kind),
    );
    if (entry !== undefined) entry.left -= 1;
    return entry?.fault;
  }

  /** True while the streams of a member, open ones included, are to send nothing. */
  isSilenced(member: number): boolean {
    return this.#entries.some(
      ({ fault, scope }) =>
        fault.kind === "silent" && scope.times === undefined && (scope.member ?? member) === member,
    );
  }
}

function isSame(one: FaultScope, other: FaultScope): boolean {
  return one.member === other.member && String(one.path) === String(other.path);
}

/** True when taking back `wide` also takes back `narrow`. */
function covers(wide: FaultScope, narrow: FaultScope): boolean {
  const isMember = wide.member === undefined || wide.member === narrow.member;
  return isMember && (wide.path === undefined || String(wide.path) === String(narrow.path));
}
