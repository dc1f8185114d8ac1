import type { EventLoopUtilization } from "node:perf_hooks";

/**
 * Share of the time between two looks at an event loop in which it was busy, 0–1; without an earlier one, since its
 * start. Node tells idle time up to the moment and busy time as a rest, which may come out below nothing.
 */
export function busyShare(now: EventLoopUtilization, before?: EventLoopUtilization): number {
  const idle = now.idle - (before?.idle ?? 0);
  const active = Math.max(0, now.active - (before?.active ?? 0));
  const total = idle + active;
  return total > 0 ? Math.min(1, active / total) : 0;
}
