import {
  closedColumn,
  droppedColumn,
  failureColumn,
  replicaColumns,
  replicaRow,
  requestColumn,
  serviceColumns,
  serviceRow,
  sessionsClosedColumn,
} from "../../../src/model/counters.ts";
import type { ServiceFigures } from "../../../src/model/figures.ts";
import { Metrics, type MetricsOptions } from "../../../src/observe/metrics.ts";

/** A TCP service with two replicas, one of them down. */
export function figures(): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[serviceColumns.accepted] = 12;
  cells[serviceColumns.active] = 2;
  cells[closedColumn("completed")] = 9;
  cells[closedColumn("no-replica")] = 1;
  cells[serviceColumns.connects] = 3;
  cells[serviceColumns.connects + 2] = 4;
  cells[serviceColumns.connectSum] = 0.5;
  const replicaCells = new Float64Array(replicaRow);
  replicaCells[replicaColumns.connections] = 11;
  replicaCells[failureColumn("refused")] = 5;
  const replica = {
    replica: "10.0.0.1:80",
    state: "up",
    weight: 500,
    since: 1000,
    cells: replicaCells,
  } as const;
  return {
    service: 'we"b:80',
    protocol: "tcp",
    mode: "tcp",
    cells,
    limit: 8192,
    listeners: [{ address: "127.0.0.1:80", bound: true }],
    replicas: [replica, { ...replica, replica: "10.0.0.2:80", state: "down" }],
  };
}

function datagramFigures(): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[serviceColumns.sessions] = 7;
  cells[serviceColumns.sessionsActive] = 3;
  cells[sessionsClosedColumn("idle")] = 4;
  cells[serviceColumns.datagramsIn] = 20;
  cells[serviceColumns.datagramsOut] = 19;
  cells[droppedColumn("too-big")] = 1;
  const listener = { address: "127.0.0.1:53", bound: true };
  return {
    service: "dns:53",
    protocol: "udp",
    mode: "udp",
    cells,
    limit: 4096,
    listeners: [{ ...listener, receiveBuffer: 8_388_608, kernelDrops: 5 }],
    replicas: [],
  };
}

function requestFigures(): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[requestColumn("GET", 204)] = 5;
  cells[requestColumn("POST", 503)] = 2;
  cells[requestColumn("BREW", 0)] = 1;
  cells[serviceColumns.requestDurations + 1] = 7;
  cells[serviceColumns.requestDurationSum] = 0.02;
  const none = { listeners: [], replicas: [], limit: 8192 };
  return { service: "web:8080", protocol: "tcp", mode: "http", cells, ...none };
}

/** The text of a page of this moment. */
export async function textOf(shown: Metrics): Promise<string> {
  const { body } = await shown.render();
  return Buffer.concat(body).toString();
}

/** Everything there can be figures of, each with some; what is given otherwise wins. */
export function metrics(detailed: boolean, more: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics({
    detailed,
    version: "1.2.3",
    revision: "0ff1ce",
    services: () => [figures(), datagramFigures(), requestFigures()],
    sources: () => [
      {
        source: "marathon",
        connected: true,
        syncs: 7,
        failures: 2,
        lastSyncAt: 5000,
        counts: {
          eventKinds: new Map([["task", 3]]),
          reconnectReasons: new Map([["silent", 1]]),
          syncTimes: Float64Array.from([0, 5, 2, 0, 0, 0, 0, 0, 0, 0]),
          syncTimeSum: 0.06,
        },
      },
    ],
    probes: () => [
      {
        kind: "http",
        durations: Float64Array.from([1, 2, 0, 0, 0, 0, 0, 0, 0, 5]),
        durationSum: 40,
      },
    ],
    checks: () => [{ service: "web:8080", kind: "http", good: 5, bad: 2, late: 3, void: 1 }],
    transitions: () => [{ service: 'we"b:80', protocol: "tcp", up: 3, down: 4 }],
    servicesBySource: () => new Map([["marathon", 1]]),
    invalidBySource: () => new Map([["marathon", 2]]),
    generation: () => 4,
    changes: () => new Map([["added", 1]]),
    problems: () => new Map([["port-conflict", 2]]),
    bindErrors: () => new Map([["EACCES", 1]]),
    connections: () => ({ active: 3, limit: 100, isByMemory: false, refused: 1 }),
    workerCrashes: () => 0,
    workerUtilization: () => [0.25],
    gateway: () => [],
    published: () => ({
      files: { files: 3, written: 5, removed: 2, failures: 4, hookRuns: 6, hookFailures: 1 },
      dns: [
        {
          answers: new Map([
            [0, 8],
            [3, 1],
            [9, 1],
          ]),
          ignored: 2,
          connections: 1,
          forwarded: { asked: 7, fromCache: 3, failures: 1 },
        },
        {
          answers: new Map([[0, 2]]),
          ignored: 0,
          connections: 0,
          forwarded: { asked: 0, fromCache: 0, failures: 0 },
        },
      ],
    }),
    memory: () => ({ limit: 1000, used: 900, isShedding: true }),
    accessLinesDropped: () => 0,
    logLinesDropped: () => 0,
    ...more,
  });
}
