import { test } from "node:test";
import { type Allocated, countAllocations } from "../support/allocations.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { visitOneByOne } from "../support/one-by-one.ts";
import { isMissing } from "../support/real-server.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import type { ServiceJson } from "../support/status-port.ts";
import {
  countSystemCalls,
  forwardingThread,
  type SystemCalls,
  TraceRefused,
} from "../support/system-calls.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { callFigures, checkWork, type Figure } from "../support/work-figures.ts";

// Counts work rather than time: what a connection with one exchange, and an exchange more (a chunk there and the same
// back), make the data plane do. Connections come one by one, so that the same happens each time, on a busy machine
// too; what comes from elsewhere in the process only adds, hence a count within its limits is enough. A figure above
// its limit means that the path of every connection or chunk has become longer: make it shorter again, or raise the
// limit and say in the commit what it is worth.

const limits = {
  // System calls of the thread that forwards, in the whole program; `others` are all without a row.
  calls: {
    connection: {
      accept4: { today: 1, limit: 1.05 },
      socket: { today: 1, limit: 1.05 },
      connect: { today: 1, limit: 1.05 },
      getsockopt: { today: 1, limit: 1.05 },
      // TCP_NODELAY on both sides: without it small answers wait for acknowledgements.
      setsockopt: { today: 2, limit: 2.05, least: 2 },
      read: { today: 4, limit: 4.05 },
      write: { today: 2, limit: 2.05 },
      shutdown: { today: 1, limit: 1.05 },
      close: { today: 2, limit: 2.05 },
      watch: { today: 8, limit: 8.05 },
      others: { today: 0, limit: 0.05 },
    },
    exchange: {
      read: { today: 2, limit: 2.05 },
      write: { today: 2, limit: 2.05 },
      others: { today: 0.02, limit: 0.05 },
    },
  },
  // Bytes allocated by an engine of its own with code that is not optimized; a closure has 56 and more. The 200
  // exchanges that are counted share one connection, which is all there is under `own`; so do the 200 requests.
  bytes: {
    connection: { own: { today: 4480, limit: 4540 }, all: { today: 18_450, limit: 18_850 } },
    exchange: { own: { today: 29.3, limit: 40 }, all: { today: 785, limit: 830 } },
    // A GET in HTTP mode.
    request: { own: { today: 4420, limit: 4500 }, all: { today: 16_600, limit: 17_000 } },
    // What small collections copy of connections in HTTP mode that are over: their sockets (see `let-go.ts`).
    survivors: { today: 1490, limit: 1560 },
  },
  /** The Node whose bytes these are. */
  node: "26",
} as const;

/** No failure before so many counts. */
const rounds = { calls: 5, bytes: 3 } as const;

const traced = ["connection", "exchange"] as const;
const allocating = [...traced, "request"] as const;

test("what a connection and an exchange ask of the kernel is no more than it was", async (t) => {
  const missing = isMissing("strace");
  if (missing !== false) {
    t.skip(missing);
    return;
  }
  await using replica = await TcpReplica.start(echo);
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/counted", port));
  place(marathon, "/counted", replica.port);
  const urls = marathon.urls.join(",");
  const canary = "none: its connections would be counted";
  const flags = ["--marathon", urls, "--workers", "1"];
  await using proxy = await RunningProxy.start(flags, {}, { canary });
  await proxy.service(port, isServed);
  await visitOneByOne({ port, connections: 50, exchanges: 1 });
  const thread = forwardingThread(proxy.pid);
  const count = async (connections: number, exchanges: number): Promise<SystemCalls> =>
    await countSystemCalls(thread, () => visitOneByOne({ port, connections, exchanges }));
  const counts = {
    connection: async () =>
      callFigures(limits.calls.connection, {
        what: "connection",
        calls: await count(200, 1),
        times: 200,
      }),
    exchange: async () =>
      callFigures(limits.calls.exchange, {
        what: "exchange",
        calls: await count(1, 1000),
        times: 1000,
      }),
  };
  const say = (line: string): void => t.diagnostic(line);
  try {
    for (const what of traced) await checkWork(counts[what], { most: rounds.calls, say });
  } catch (error) {
    if (!(error instanceof TraceRefused)) throw error;
    t.skip(`strace may not watch another process here: ${error.message}`);
  }
});

test("what a connection and an exchange allocate is no more than it was", async (t) => {
  if (process.versions.node.split(".")[0] !== limits.node) {
    t.skip(`the limits are those of Node ${limits.node}, this is ${process.version}`);
    return;
  }
  const count = async (): Promise<Figure[]> => {
    const counts = await countAllocations();
    const left = { value: counts.survivors, limit: limits.bytes.survivors.limit };
    return [
      ...allocating.flatMap((what) => byteFigures(what, counts[what])),
      { name: "bytes left behind per connection", ...left },
    ];
  };
  await checkWork(count, { most: rounds.bytes, say: (line) => t.diagnostic(line) });
});

function isServed({ listening, replicas }: ServiceJson): boolean {
  return listening.length > 0 && replicas.some(({ state }) => state === "up");
}

function byteFigures(
  what: (typeof allocating)[number],
  { own, all, functions }: Allocated,
): Figure[] {
  const largest = Object.entries(functions).toSorted(([, one], [, other]) => other - one);
  const details = largest
    .filter(([, bytes]) => bytes >= 1)
    .map(([name, bytes]) => `  ${Math.round(bytes)} ${name}`)
    .join("\n");
  const rows = limits.bytes[what];
  return [
    { name: `own bytes per ${what}`, value: own, limit: rows.own.limit, details },
    { name: `all bytes per ${what}`, value: all, limit: rows.all.limit, details },
  ];
}
