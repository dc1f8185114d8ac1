/**
 * What was decided beforehand, in one place for the scenarios that measure it and the README that shows it: ratios to
 * HAProxy, over UDP to nginx, in the same run, and figures in the unit of their name.
 */
export const limits = {
  // CPU time per unit.
  tcpKeepalive: 1.1,
  tcpNewconn: 1.4,
  tcp64k: 1.05,
  tcpBulk: 0.95,
  httpKeepalive: 2.2,
  /** Traefik 1.7 needed 69 µs where HAProxy with its default, `http-reuse safe`, needed 71: not more than that. */
  httpNewconn: 0.97,
  /** 10,000 hosts beside 10, but for what two runs differ anyway. */
  httpVhost: 1.1,
  udpRtt: 1.1,
  udpPps: 1.15,
  /** p99 at half load. */
  tcpRate: 1.3,
  httpRate: 2,
  workersGain: 1.8,
  idleConnectionsMb: 250,
  idleMb: 130,
  stalledGrowthMb: 32,
  floodSessions: 4096,
  floodGrowthMb: 64,
  floodLostPercent: 1,
  routeMs: 60,
  routeLargeMs: 150,
  sourceMs: 300,
  startMs: 1500,
  refusedAddedMs: 20,
  redisMs: 1500,
  stoppedMs: 8000,
  stoppedFastMs: 4000,
  /** Of one processor, on the control thread. */
  probesShare: 0.25,
  /** p99 of a steady load beside it, by its quiet value. */
  probesP99: 1.1,
  refreshP99: 1.3,
  dnsP99: 1.3,
  dnsPerSecond: 15_000,
  publishFirstMs: 3000,
} as const;
