import { setTimeout as wait } from "node:timers/promises";
import { portolan } from "../contenders/portolan.ts";
import { freePorts } from "../support/ports.ts";
import { openFileLimit, peakResidentBytes, residentBytes } from "../support/proc.ts";
import type { Report } from "../support/report.ts";
import { addressOf, Stage } from "../support/stage.ts";
import { rounded } from "../support/stats.ts";
import { formatNumber, megabytes } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const serviceCount = 10;
const wanted = 10_000;
const limits = { idle: 130, connected: 300 } as const;
/** Files the proxy has open besides two for each connection. */
const ownFiles = 200;

export const idleMemory: Scenario = {
  name: "idle-memory",
  purpose:
    "memory with 10 services and no traffic, then with 10 000 idle connections (seconds to settle before each look)",
  seconds: 5,
  runs: 1,
  contenders: [portolan],
  run: measureMemory,
};

async function measureMemory(bench: Bench): Promise<Report> {
  const { seconds, say } = bench;
  await using stage = await Stage.open({ ...bench, replicas: serviceCount });
  const ports = await freePorts(serviceCount);
  for (const [index, servicePort] of ports.entries()) {
    const id = `/bench/app-${index}`;
    await stage.marathon.call("putApp", { id, servicePort });
    await stage.marathon.call("addTask", { app: id, port: stage.replica(index).port });
  }
  const { pid } = await stage.startPortolan();
  const settled = async (what: string): Promise<number> => {
    say(`idle-memory: ${what}`);
    await wait(seconds * 1000);
    return megabytes(residentBytes(pid));
  };
  const idle = await settled("10 services");
  const connections = Math.min(wanted, Math.floor((openFileLimit() - ownFiles) / 2));
  const targets = ports.map((port) => addressOf({ number: 0, port }));
  await stage.load.call("hold", { targets, connections });
  const connected = await settled(`${connections} connections`);
  const { lost } = await stage.load.call("release", undefined);
  const afterwards = await settled("afterwards");
  const peak = megabytes(peakResidentBytes(pid));
  return toReport({ idle, connected, afterwards, peak, connections, lost });
}

/** Memory in MB. */
interface Measured {
  readonly idle: number;
  readonly connected: number;
  readonly afterwards: number;
  readonly peak: number;
  readonly connections: number;
  readonly lost: number;
}

function toReport(measured: Measured): Report {
  const { idle, connected, afterwards, peak, connections, lost } = measured;
  const perConnection = ((connected - idle) * 1024) / connections;
  // Fewer than wanted fit into the limit of open files: the rest is reckoned at the same price.
  const reckoned = connected + ((wanted - connections) * perConnection) / 1024;
  const fewer = `only ${connections} connections fit into ${openFileLimit()} open files; the figure for ${wanted} is reckoned`;
  return {
    tables: [
      {
        title: "idle-memory: resident memory of the proxy",
        columns: ["state", "MB"],
        rows: [
          [`${serviceCount} services, no traffic`, formatNumber(idle)],
          [`${connections} idle connections`, formatNumber(connected)],
          ["after they were closed", formatNumber(afterwards)],
          ["most ever", formatNumber(peak)],
          ["per idle connection, KB", formatNumber(perConnection)],
        ],
      },
    ],
    figures: {
      ...Object.fromEntries(
        Object.entries(measured).map(([name, value]) => [name, rounded(value)]),
      ),
      perConnectionKb: rounded(perConnection),
    },
    goals: [
      { what: "10 services idle", limit: limits.idle, measured: idle, unit: "MB" },
      {
        what: `${wanted} idle connections`,
        limit: limits.connected,
        measured: reckoned,
        unit: "MB",
      },
      { what: "connections lost while idle", limit: 0, measured: lost, unit: "" },
    ],
    notes: connections < wanted ? [fewer] : [],
  };
}
