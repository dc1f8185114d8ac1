import type { AccessRecord } from "../model/access.ts";
import type { Outcome } from "../model/outcome.ts";

/** Who ended it, in HAProxy's letters: client, server, proxy, resources; in lower case by silence [haproxy configuration.txt §8.5]. */
const firstLetters = {
  completed: "-",
  "client-reset": "C",
  "client-gone": "C",
  "no-replica": "S",
  "upstream-refused": "S",
  "upstream-unreachable": "S",
  "upstream-timeout": "s",
  "upstream-reset": "S",
  "upstream-malformed": "P",
  "idle-timeout": "c",
  "half-close-timeout": "c",
  "write-stall": "c",
  "connection-limit": "P",
  "queue-full": "P",
  "queue-timeout": "s",
  denied: "P",
  "bad-request": "P",
  "proxy-header": "P",
  "replica-down": "D",
  "out-of-resources": "R",
  drained: "K",
  killed: "K",
} as const satisfies Record<Outcome, string>;

/** Both letters of how it ended; the second one tells what was going on. */
export function terminationOf(record: AccessRecord): string {
  const { outcome } = record;
  return firstLetters[outcome] + (outcome === "completed" ? "-" : phaseOf(record));
}

function phaseOf({ outcome, service, connectMs, responseMs, request }: AccessRecord): string {
  if (service === undefined) return "R";
  if (outcome === "queue-full" || outcome === "queue-timeout") return "Q";
  if (connectMs === -1) return "C";
  return request !== undefined && responseMs === -1 ? "H" : "D";
}
