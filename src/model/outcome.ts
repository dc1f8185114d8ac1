/** Who ended a connection. */
export type Side = "downstream" | "upstream" | "internal";

/**
 * Every way a connection can end: log field, metric label and name in tests. The order fixes the cell of each
 * outcome in shared memory, so that workers and the control plane agree.
 */
export const outcomes = [
  "completed",
  "client-reset",
  "client-gone",
  "no-replica",
  "upstream-refused",
  "upstream-unreachable",
  "upstream-timeout",
  "upstream-reset",
  "upstream-malformed",
  "idle-timeout",
  "half-close-timeout",
  "write-stall",
  "connection-limit",
  "queue-full",
  "queue-timeout",
  "denied",
  "bad-request",
  "proxy-header",
  "replica-down",
  "out-of-resources",
  "drained",
  "killed",
] as const;

export type Outcome = (typeof outcomes)[number];

/** Why one attempt to reach a replica failed. */
export const dialFailures = ["refused", "timeout", "reset", "unreachable", "local"] as const;

export type DialFailure = (typeof dialFailures)[number];

const sides = {
  completed: "downstream",
  "client-reset": "downstream",
  "client-gone": "downstream",
  "no-replica": "internal",
  "upstream-refused": "upstream",
  "upstream-unreachable": "upstream",
  "upstream-timeout": "upstream",
  "upstream-reset": "upstream",
  "upstream-malformed": "upstream",
  "idle-timeout": "internal",
  "half-close-timeout": "internal",
  "write-stall": "internal",
  "connection-limit": "internal",
  "queue-full": "internal",
  "queue-timeout": "internal",
  denied: "internal",
  "bad-request": "downstream",
  "proxy-header": "downstream",
  "replica-down": "internal",
  "out-of-resources": "internal",
  drained: "internal",
  killed: "internal",
} as const satisfies Record<Outcome, Side>;

export function sideOf(outcome: Outcome): Side {
  return sides[outcome];
}

/** The outcome of a connection whose last attempt failed this way. */
export function outcomeOfDial(failure: DialFailure): Outcome {
  switch (failure) {
    case "refused":
      return "upstream-refused";
    case "timeout":
      return "upstream-timeout";
    case "reset":
      return "upstream-reset";
    case "unreachable":
      return "upstream-unreachable";
    case "local":
      return "out-of-resources";
  }
}

const failureByCode: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timeout",
  // Our own shortage says nothing about the replica, so it must never count against it.
  EMFILE: "local",
  ENFILE: "local",
  ENOBUFS: "local",
  ENOMEM: "local",
  EADDRNOTAVAIL: "local",
  EADDRINUSE: "local",
};

/** What the `code` of a socket's error means for the replica that was dialled. */
export function dialFailureOf(error: Error): DialFailure {
  const code: unknown = "code" in error ? error.code : undefined;
  return (typeof code === "string" ? failureByCode[code] : undefined) ?? "unreachable";
}

/** Every way a UDP session ends; like `outcomes`, the order fixes cells in shared memory. */
export const sessionEndings = [
  /** No datagram in either direction for the session's idle time. */
  "idle",
  /** It had all the answers it expected. */
  "answered",
  /** The longest idle one, it made room for another client. */
  "evicted",
  /** Its replica left, went down or refused, and the session was for that replica alone. */
  "replica-lost",
  /** Its service, or the whole program, stopped. */
  "drained",
  "killed",
] as const;

export type SessionEnding = (typeof sessionEndings)[number];

/** Every reason for which a datagram goes no further, in either direction. */
export const dropReasons = [
  "no-replica",
  /** Every session there may be, or every place on the replicas, is in use. */
  "session-limit",
  "denied",
  /** Nobody, or everybody, or we ourselves would get the answer. */
  "bad-source",
  "too-big",
  "refused",
  "unreachable",
  /** More datagrams wait to be sent than one socket may hold back. */
  "congested",
  "out-of-resources",
  "send-failed",
] as const;

export type DropReason = (typeof dropReasons)[number];

const dropByCode: Readonly<Record<string, DropReason>> = {
  EMSGSIZE: "too-big",
  ECONNREFUSED: "refused",
  ENETUNREACH: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  // A packet filter on this host [ip(7)].
  EACCES: "unreachable",
  EPERM: "unreachable",
  EADDRNOTAVAIL: "out-of-resources",
  EADDRINUSE: "out-of-resources",
  EMFILE: "out-of-resources",
  ENFILE: "out-of-resources",
  ENOBUFS: "out-of-resources",
  ENOMEM: "out-of-resources",
};

/** Why a datagram was lost whose sending, or whose socket, failed with this error. */
export function dropReasonOf(error: Error): DropReason {
  const code: unknown = "code" in error ? error.code : undefined;
  return (typeof code === "string" ? dropByCode[code] : undefined) ?? "send-failed";
}
