import type { Outcome } from "../../model/outcome.ts";
import { parseHostName, type HostName } from "./host-name.ts";
import type { RawRequest, RequestFacts } from "./request-facts.ts";

/** Why we answer a request ourselves; a closed list, used as the body of the answer. `OK` says that we work. */
export type Reason =
  | "OK"
  | "bad-request"
  | "bad-host"
  | "bad-framing"
  | "bad-target"
  | "bad-version"
  | "bad-expectation"
  | "method-not-allowed"
  | "target-too-long"
  | "headers-too-large"
  | "body-malformed"
  | "client-timeout"
  | "denied"
  | "unknown-host"
  | "no-replica"
  | "queue-full"
  | "queue-timeout"
  | "upstream-refused"
  | "upstream-unreachable"
  | "upstream-reset"
  | "upstream-malformed"
  | "upstream-timeout"
  | "replica-down"
  | "out-of-resources";

/** An answer of our own. */
export interface Refusal {
  readonly status: number;
  readonly reason: Reason;
}

/** A request that may be forwarded. */
export interface Accepted {
  /** Undefined only for a client of version 1.0 that named none. */
  readonly host: HostName | undefined;
  /** The `Host` field as the client wrote it. */
  readonly hostText: string | undefined;
  /** In origin form, or `*`. */
  readonly target: string;
}

export type Judgement =
  | { readonly kind: "accepted"; readonly request: Accepted }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const mostFields = 128;
const longestTarget = 8192;
/**
 * What our parser takes, but is not ours to forward: methods of RTSP, which come as nothing else, and `SOURCE`, of RTSP's time,
 * whose body has no end that anybody could know.
 */
const foreign =
  "ANNOUNCE DESCRIBE FLUSH GET_PARAMETER PAUSE PLAY RECORD REDIRECT SETUP SET_PARAMETER SOURCE TEARDOWN";
const neverForwarded: ReadonlySet<string> = new Set(["TRACE", "CONNECT", ...foreign.split(" ")]);

/**
 * Judges what the parser lets through. A message that another parser may read otherwise goes nowhere: two framings, an
 * unknown coding, a host that is a list or has a user name, a target and a host that differ [rfc9112 §3.2, §6.3].
 */
export function judge(raw: RawRequest, facts: RequestFacts): Judgement {
  const flaw = flawOf(raw, facts);
  return flaw === undefined ? judgeHost(facts) : { kind: "refused", refusal: flaw };
}

function flawOf(raw: RawRequest, facts: RequestFacts): Refusal | undefined {
  if (raw.httpVersionMajor !== 1 || raw.httpVersionMinor > 1) return refusal(505, "bad-version");
  if (raw.rawHeaders.length > mostFields * 2) return refusal(431, "headers-too-large");
  if (neverForwarded.has(facts.method)) return refusal(405, "method-not-allowed");
  if (facts.target.length > longestTarget) return refusal(414, "target-too-long");
  return framingFlaw(facts) ?? expectationFlaw(facts);
}

function framingFlaw(facts: RequestFacts): Refusal | undefined {
  const { contentLengths, transferEncodings, isModern } = facts;
  if (contentLengths.length > 1) return refusal(400, "bad-framing");
  if (contentLengths[0] !== undefined && !/^\d{1,15}$/.test(contentLengths[0])) {
    return refusal(400, "bad-framing");
  }
  if (transferEncodings.length === 0) return undefined;
  if (!isModern || transferEncodings.length > 1 || contentLengths.length > 0) {
    return refusal(400, "bad-framing");
  }
  const isChunked = transferEncodings[0]?.trim().toLowerCase() === "chunked";
  return isChunked ? undefined : refusal(501, "bad-framing");
}

function expectationFlaw({ expects, isModern }: RequestFacts): Refusal | undefined {
  if (!isModern || expects.length === 0) return undefined;
  const known = expects.length === 1 && expects[0]?.toLowerCase() === "100-continue";
  return known ? undefined : refusal(417, "bad-expectation");
}

function judgeHost({ hosts, target, isModern, method }: RequestFacts): Judgement {
  const [hostText] = hosts;
  if (hostText === undefined) {
    return isModern
      ? refused("bad-host")
      : judgeTarget({ host: undefined, hostText, target }, method);
  }
  const host = hosts.length > 1 ? undefined : parseHostName(hostText);
  return host === undefined ? refused("bad-host") : judgeTarget({ host, hostText, target }, method);
}

function judgeTarget(request: Accepted, method: string): Judgement {
  const { target } = request;
  if (/[#\\]/.test(target)) return refused("bad-target");
  const isPlain = target.startsWith("/") || (target === "*" && method === "OPTIONS");
  return isPlain ? { kind: "accepted", request } : judgeAbsolute(request);
}

/** A target that names the host itself must name the same one as the `Host` field, and goes on without it [rfc9112 §3.2.2]. */
function judgeAbsolute({ host, hostText, target }: Accepted): Judgement {
  const match = /^http:\/\/([^/?]*)([/?].*)?$/i.exec(target);
  if (match === null) return refused("bad-target");
  const [, authority = "", path = "/"] = match;
  const named = parseHostName(authority);
  if (named === undefined) return refused("bad-target");
  const isSame = host === undefined || (host.name === named.name && portOf(host) === portOf(named));
  if (!isSame) return refused("bad-host");
  const origin = path.startsWith("/") ? path : `/${path}`;
  const request = { host: named, hostText: hostText ?? authority, target: origin };
  return { kind: "accepted", request };
}

function portOf({ port }: HostName): number {
  return port ?? 80;
}

function refusal(status: number, reason: Reason): Refusal {
  return { status, reason };
}

function refused(reason: Reason): Judgement {
  return { kind: "refused", refusal: { status: 400, reason } };
}

const outcomeByReason: Readonly<Record<Reason, Outcome>> = {
  OK: "completed",
  "bad-request": "bad-request",
  "bad-host": "bad-request",
  "bad-framing": "bad-request",
  "bad-target": "bad-request",
  "bad-version": "bad-request",
  "bad-expectation": "bad-request",
  "method-not-allowed": "bad-request",
  "target-too-long": "bad-request",
  "headers-too-large": "bad-request",
  "body-malformed": "bad-request",
  "unknown-host": "no-replica",
  "client-timeout": "idle-timeout",
  denied: "denied",
  "no-replica": "no-replica",
  "queue-full": "queue-full",
  "queue-timeout": "queue-timeout",
  "upstream-refused": "upstream-refused",
  "upstream-unreachable": "upstream-unreachable",
  "upstream-reset": "upstream-reset",
  "upstream-malformed": "upstream-malformed",
  "upstream-timeout": "upstream-timeout",
  "replica-down": "replica-down",
  "out-of-resources": "out-of-resources",
};

/** How a connection ends on which this was the last answer. */
export function outcomeOfReason(reason: Reason): Outcome {
  return outcomeByReason[reason];
}
