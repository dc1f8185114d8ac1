import { acceptSharing } from "./accept-sharing.ts";
import { httpScenarios } from "./http.ts";
import { crossCheck } from "./cross-check.ts";
import { idleMemory } from "./idle-memory.ts";
import { loadOnMarathon } from "./load-on-marathon.ts";
import { micro } from "./micro.ts";
import { dns } from "./dns.ts";
import { failover } from "./failover.ts";
import { probes } from "./probes.ts";
import { publishFiles } from "./publish-files.ts";
import { rateScenarios } from "./rate.ts";
import { refresh } from "./refresh.ts";
import { refused } from "./refused.ts";
import { routeLatency } from "./route-latency.ts";
import type { Scenario } from "./scenario.ts";
import { sourceLatency } from "./source-latency.ts";
import { start } from "./start.ts";
import { stalledReaders } from "./stalled-readers.ts";
import { swap } from "./swap.ts";
import { tcpIdle } from "./tcp-idle.ts";
import { tcpScenarios } from "./tcp.ts";
import { udpFlood } from "./udp-flood.ts";
import { udpScenarios } from "./udp.ts";
import { workers } from "./workers.ts";

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...tcpScenarios,
  ...rateScenarios,
  tcpIdle,
  workers,
  ...httpScenarios,
  ...udpScenarios,
  udpFlood,
  crossCheck,
  routeLatency,
  sourceLatency,
  start,
  loadOnMarathon,
  probes,
  failover,
  publishFiles,
  dns,
  refresh,
  swap,
  refused,
  stalledReaders,
  idleMemory,
  acceptSharing,
  micro,
];
