import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, connect } from "node:net";
import { eventually } from "../../support/eventually.ts";
import { seeded } from "../../support/faults/seeded.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { connectOnce } from "../traffic.ts";

/** Whether replicas are well is not asked: that clients find the dead one is what these rows are about. */
const unasked = ["--health", "marathon"];

/** Visits one after the other in so many lanes; how often each fate was met. */
async function visitTimes(
  times: number,
  lanes: number,
  visit: () => Promise<string>,
): Promise<Record<string, number>> {
  const fates: Record<string, number> = {};
  let begun = 0;
  const follow = async (): Promise<void> => {
    while (begun < times) {
      begun += 1;
      const fate = await visit();
      fates[fate] = (fates[fate] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, follow));
  return fates;
}

/** The checksum of what came back, for bytes that are sent in pieces from one to 256 KiB. */
async function echoed(port: number, bytes: Buffer, random: () => number): Promise<string> {
  const hash = createHash("sha256");
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("data", (chunk) => hash.update(chunk));
  const failed = new Promise<string>((resolve) => {
    socket.on("error", (error) => resolve(error.message));
  });
  const ended = once(socket, "end");
  const sent = (async (): Promise<string> => {
    for (let offset = 0; offset < bytes.length;) {
      const size = Math.ceil(2 ** (random() * 18));
      if (!socket.write(bytes.subarray(offset, offset + size))) await once(socket, "drain");
      offset += size;
    }
    socket.end();
    await ended;
    return hash.digest("hex");
  })();
  return await Promise.race([sent, failed]);
}

async function manyEchoes({ tell }: LoadOptions): Promise<void> {
  const [clients, size] = [1000, 1 << 20];
  const source = randomBytes(size + clients);
  await using replica = await TcpReplica.start(echo);
  const port = await freePort();
  const services = [{ app: "/echo", port, replicas: [replica.port] }];
  await onLoadStage({ services }, async ({ proxy }) => {
    const startedAt = performance.now();
    const all = Array.from({ length: clients }, async (_, index) => {
      const bytes = source.subarray(index, index + size);
      const want = createHash("sha256").update(bytes).digest("hex");
      assert.equal(await echoed(port, bytes, seeded(index)), want, `connection ${index}`);
    });
    await Promise.all(all);
    tell(
      `${clients} MiB there and back in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
    );
    const completed = { service: `echo:${port}`, reason: "completed" };
    await eventually(
      async () => (await proxy.metric("portolan_connections_closed_total", completed)) === clients,
    );
  });
}

async function oneRefuses({ tell }: LoadOptions): Promise<void> {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const bound = closed.address();
  assert.ok(bound !== null && typeof bound !== "string");
  closed.close();
  const port = await freePort();
  const services = [{ app: "/third", port, replicas: [one.port, bound.port, two.port] }];
  await onLoadStage({ services, args: unasked }, async ({ proxy }) => {
    const startedAt = performance.now();
    const fates = await visitTimes(10_000, 25, () => connectOnce(port));
    assert.deepEqual(fates, { served: 10_000 });
    const seconds = (performance.now() - startedAt) / 1000;
    const tried =
      (await proxy.metric("portolan_replica_retries_total", { service: `third:${port}` })) ?? NaN;
    tell(`10,000 served in ${seconds.toFixed(1)} s, ${tried} of them by a second replica`);
    // As many as were under way when three had been refused, and one every ten seconds from then on.
    assert.ok(tried > 0 && tried <= 3 + 25 + seconds / 10, `${tried} were refused`);
  });
}

async function oneIsKilled({ tell }: LoadOptions): Promise<void> {
  await using doomed = await ReplicaProcess.start("doomed");
  await using other = await TcpReplica.start(named("other"));
  const port = await freePort();
  const listed = (...replicas: readonly number[]) => [{ app: "/doomed", port, replicas }];
  await onLoadStage({ services: listed(doomed.port), args: unasked }, async ({ proxy, list }) => {
    await using owned = new AsyncDisposableStack();
    const clients = Array.from({ length: 100 }, () => owned.use(new TcpClient(port)));
    for (const { socket } of clients) socket.once("end", () => socket.end());
    await eventually(() => clients.every(({ received }) => received.length > 10_000));
    list(listed(doomed.port, other.port));
    await proxy.service(port, ({ replicas }) => replicas.length === 2);
    await doomed.kill();
    const killedAt = performance.now();
    await eventually(() => clients.every((client) => client.closed));
    tell(`a hundred transfers ended ${Math.round(performance.now() - killedAt)} ms after the kill`);
    const fates = await visitTimes(1000, 25, () => connectOnce(port));
    assert.deepEqual(fates, { served: 1000 });
  });
}

export const manyRows: readonly LoadRow[] = [
  { id: "T01", what: "1000 connections at once, a MiB both ways on each", run: manyEchoes },
  {
    id: "T13",
    what: "10,000 connections to three replicas, one of which refuses",
    run: oneRefuses,
  },
  {
    id: "T17",
    what: "a replica killed in 100 transfers, 1000 connections later",
    run: oneIsKilled,
  },
];
