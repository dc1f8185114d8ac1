/** What a probe asks of a replica. */
export const checkKinds = [
  "tcp",
  "tls",
  "http",
  "https",
  "redis",
  "redis-master",
  "redis-slave",
  "smtp",
  "send-expect",
  "udp",
] as const;

export type CheckKind = (typeof checkKinds)[number];

/** True for questions after a role: only the replica itself can answer them, whatever its source says of its health. */
export function asksRole(kind: CheckKind): boolean {
  return kind === "redis-master" || kind === "redis-slave";
}

/** Whose word counts: the source's, our probes', or both, where either may say that a replica is down. */
export const healthModes = ["marathon", "local", "both"] as const;

export type HealthMode = (typeof healthModes)[number];

/** How the health of one service's replicas is found out; flags set it for all, labels for one. Times in ms. */
export interface CheckPolicy {
  readonly health: HealthMode;
  readonly kind: CheckKind;
  /** Of http and https: the request target, beginning with a slash. */
  readonly path: string;
  /** Of http and https: the Host header, also the server name of tls and https; empty for the replica's address. */
  readonly host: string;
  /** Of http and https: the lowest and the highest status that count as well. */
  readonly leastStatus: number;
  readonly mostStatus: number;
  /** Of send-expect and udp: what is sent, with `\r`, `\n`, `\t`, `\\` and `\xHH`; empty sends nothing. */
  readonly send: string;
  /** Of send-expect and udp: bytes that must appear in the answer, written as `send`; empty takes any answer. */
  readonly expect: string;
  /** Between the starts of two probes, while nothing changes. */
  readonly intervalMs: number;
  /** The same while the answers contradict the verdict. */
  readonly fastIntervalMs: number;
  /** For a whole probe, from connecting to the last byte it needs. */
  readonly timeoutMs: number;
  /** Good answers in a row that bring a replica up, and bad ones that take it down. */
  readonly rise: number;
  readonly fall: number;
}

/** What applies where neither a flag, a label nor the source's own check says otherwise. */
export const defaultCheckPolicy: CheckPolicy = Object.freeze({
  health: "both",
  kind: "tcp",
  path: "/",
  host: "",
  leastStatus: 200,
  mostStatus: 399,
  send: "",
  expect: "",
  intervalMs: 2000,
  fastIntervalMs: 500,
  timeoutMs: 2000,
  rise: 2,
  fall: 3,
});
