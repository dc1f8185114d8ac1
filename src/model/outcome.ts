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
  "idle-timeout",
  "half-close-timeout",
  "write-stall",
  "connection-limit",
  "queue-full",
  "queue-timeout",
  "denied",
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
  "idle-timeout": "internal",
  "half-close-timeout": "internal",
  "write-stall": "internal",
  "connection-limit": "internal",
  "queue-full": "internal",
  "queue-timeout": "internal",
  denied: "internal",
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

/** The only reader of a socket error's `code`: what it means for the replica that was dialled. */
export function dialFailureOf(error: Error): DialFailure {
  const code: unknown = "code" in error ? error.code : undefined;
  return (typeof code === "string" ? failureByCode[code] : undefined) ?? "unreachable";
}
