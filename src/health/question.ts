import type { CheckKind, CheckPolicy } from "../model/check.ts";
import type { ProbeTarget } from "./probes/probe.ts";

/** What is asked of one replica. */
export interface Question {
  /** Equal for equal questions to one address. */
  readonly key: string;
  readonly target: ProbeTarget;
}

/** The parts of a policy that a probe of each kind asks by; the others say how often, and what its answers count. */
const askedBy = {
  tcp: [],
  tls: ["host"],
  http: ["path", "host", "leastStatus", "mostStatus"],
  https: ["path", "host", "leastStatus", "mostStatus"],
  redis: [],
  "redis-master": [],
  "redis-slave": [],
  smtp: [],
  "send-expect": ["send", "expect"],
  udp: ["send", "expect"],
} as const satisfies Record<CheckKind, readonly (keyof CheckPolicy)[]>;

/** What a policy asks, as a text that is equal for equal questions, however often they are asked. */
export function questionOf(check: CheckPolicy): string {
  return [check.kind, ...askedBy[check.kind].map((part) => JSON.stringify(check[part]))].join(" ");
}

/**
 * The one target of all who ask the same: asked as often as the most eager of them wants, and with the patience of the
 * most patient, so that nobody loses a replica by another one's settings.
 */
export function sharedTarget(targets: readonly [ProbeTarget, ...ProbeTarget[]]): ProbeTarget {
  const [first, ...others] = targets;
  if (others.every(({ check }) => isAskedAlike(check, first.check))) return first;
  const most = (part: "timeoutMs" | "rise" | "fall"): number =>
    Math.max(...targets.map(({ check }) => check[part]));
  const least = (part: "intervalMs" | "fastIntervalMs"): number =>
    Math.min(...targets.map(({ check }) => check[part]));
  const often = { intervalMs: least("intervalMs"), fastIntervalMs: least("fastIntervalMs") };
  const patient = { timeoutMs: most("timeoutMs"), rise: most("rise"), fall: most("fall") };
  return { ...first, check: { ...first.check, ...often, ...patient } };
}

function isAskedAlike(one: CheckPolicy, other: CheckPolicy): boolean {
  return (
    one === other ||
    (one.intervalMs === other.intervalMs &&
      one.fastIntervalMs === other.fastIntervalMs &&
      one.timeoutMs === other.timeoutMs &&
      one.rise === other.rise &&
      one.fall === other.fall)
  );
}
