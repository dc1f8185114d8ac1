import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { exchangeDatagrams } from "../support/datagram-rounds.ts";
import { pouring, takeAll } from "../support/bulk-transfer.ts";
import { freePort } from "../support/free-port.ts";
import { answering } from "../support/http-exchange.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { answerEnd, visitOneByOne } from "../support/one-by-one.ts";
import { isMissing } from "../support/real-server.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import type { ServiceJson } from "../support/status-port.ts";
import { countSystemCalls, forwardingThread, TraceRefused } from "../support/system-calls.ts";
import { TcpReplica } from "../support/tcp-replica.ts";
import { UdpReplica } from "../support/udp-replica.ts";
import { callFigures, checkWork, type Limit } from "../support/work-figures.ts";

// Counts work rather than time, as `work-count.test.ts` does, for the other kinds of traffic: what a datagram there and
// back, a GET on a kept connection and a MiB ask of the kernel. One datagram, and one GET, is under way at a time; bytes
// are always more than are read at once. What comes from elsewhere only adds, so a count within its limits is enough.

/** No failure before so many counts. */
const attempts = 5;
const mebibytes = 64;

/** System calls of the thread that forwards, in the whole program; `others` are all without a row. */
const limits = {
  datagram: {
    // On each side one that finds it and one that finds nothing more.
    recvmsg: { today: 4, limit: 4.05 },
    sendmsg: { today: 2, limit: 2.05, least: 2 },
    watch: { today: 0, limit: 0.05 },
    others: { today: 0, limit: 0.05 },
  },
  get: {
    read: { today: 2, limit: 2.05, least: 2 },
    write: { today: 2, limit: 2.05, least: 2 },
    watch: { today: 0, limit: 0.05 },
    others: { today: 0, limit: 0.05 },
  },
  mebibyte: {
    // 128 KiB a read, while there is more than that.
    read: { today: 8.03, limit: 9 },
    write: { today: 8.05, limit: 9 },
    others: { today: 0.25, limit: 1 },
  },
} satisfies Readonly<Record<string, Readonly<Record<string, Limit>>>>;

test("what a datagram there and back asks of the kernel is no more than it was", async (t) => {
  await using replica = await UdpReplica.start((message, reply) => reply(message));
  const labels = {};
  const service = { protocol: "udp", port: await freePort(), replica: replica.port, labels };
  await countWork(t, service, {
    what: "datagram",
    times: 1000,
    work: (port) => exchangeDatagrams(port, 1000),
  });
});

test("what a GET on a kept connection asks of the kernel is no more than it was", async (t) => {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: 8${answerEnd}`;
  await using replica = await answering((socket) => void socket.write(answer));
  const labels = { "com.meltwater.proxymatic.port.0.mode": "http" };
  const service = { protocol: "tcp", port: await freePort(), replica: replica.port, labels };
  await countWork(t, service, {
    what: "get",
    times: 1000,
    work: (port) => visitOneByOne({ port, connections: 1, exchanges: 1000, isHttp: true }),
  });
});

test("what a MiB asks of the kernel is no more than it was", async (t) => {
  await using replica = await TcpReplica.start(pouring(mebibytes));
  const service = { protocol: "tcp", port: await freePort(), replica: replica.port, labels: {} };
  await countWork(t, service, {
    what: "mebibyte",
    times: mebibytes,
    work: async (port) => assert.equal(await takeAll(port), mebibytes * 1024 * 1024),
  });
});

interface Service {
  readonly protocol: string;
  readonly port: number;
  readonly replica: number;
  readonly labels: Readonly<Record<string, string>>;
}

interface Work {
  readonly what: keyof typeof limits;
  readonly times: number;
  readonly work: (port: number) => Promise<void>;
}

/** Does it once, so that what comes first is over, and then counts what the forwarding thread asks for meanwhile. */
async function countWork(
  t: TestContext,
  { protocol, port, replica, labels }: Service,
  { what, times, work }: Work,
): Promise<void> {
  const missing = isMissing("strace");
  if (missing !== false) {
    t.skip(missing);
    return;
  }
  await using marathon = await startMarathon();
  const portDefinitions = [{ port, protocol, labels: {} }];
  const healthChecks = protocol === "tcp" ? [{ protocol: "TCP", portIndex: 0 }] : [];
  marathon.putApp({ ...app("/counted", port), portDefinitions, healthChecks, labels });
  place(marathon, "/counted", replica);
  const flags = ["--marathon", marathon.urls.join(","), "--workers", "1"];
  const canary = "none: its connections would be counted";
  await using proxy = await RunningProxy.start(flags, {}, { canary });
  await proxy.service(port, isServed);
  await work(port);
  const thread = forwardingThread(proxy.pid);
  try {
    await checkWork(
      async () => {
        const calls = await countSystemCalls(thread, () => work(port));
        return callFigures(limits[what], { what, calls, times });
      },
      { most: attempts, say: (line) => t.diagnostic(line) },
    );
  } catch (error) {
    if (!(error instanceof TraceRefused)) throw error;
    t.skip(`strace may not watch another process here: ${error.message}`);
  }
}

function isServed({ listening, replicas }: ServiceJson): boolean {
  return listening.length > 0 && replicas.some(({ state }) => state === "up");
}
