import type { LiveEvidence } from "../control/explain.ts";
import type { OwnNames } from "../workers/own-names.ts";
import type { WorkerPool } from "../workers/pool.ts";

/** What the workers' connections and this host say of replicas, for an explanation. */
export function liveEvidence({ ejections }: WorkerPool, { names }: OwnNames): LiveEvidence {
  return {
    ejection: (key, replica) => ejections.of(key, replica),
    connections: (key, replica) => ejections.wordOf(key, replica),
    thisHost: names,
  };
}
