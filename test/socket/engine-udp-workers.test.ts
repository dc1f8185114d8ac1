import assert from "node:assert/strict";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { serviceColumns, sessionsClosedColumn } from "../../src/model/counters.ts";
import { defaultPolicy } from "../../src/model/policy.ts";
import type { Route, Table } from "../../src/routing/table.ts";
import type { WorkerPool } from "../../src/workers/pool.ts";
import { eventually } from "../support/eventually.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { echoDatagram, UdpReplica } from "../support/udp-replica.ts";
import { startWorkerPool } from "../support/worker-pool.ts";

/** A pool that serves one UDP service on `port`. */
async function serve(workers: number, port: number, replica: number): Promise<WorkerPool> {
  const pool = startWorkerPool(workers);
  const after = routeTo(port, replica);
  const table: Table = { version: 1, updatedAt: 0, routes: [after], problems: [] };
  pool.apply(table, [{ kind: "added", key: after.key, after }]);
  await pool.served(1);
  return pool;
}

function routeTo(port: number, replica: number): Route {
  const address = { host: "127.0.0.1", port: replica };
  const shown = { key: `127.0.0.1:${replica}`, address, host: "h", task: "t", weight: 500 };
  return {
    key: `udp/${port}`,
    app: "/dns",
    name: "dns",
    port,
    protocol: "udp",
    mode: "udp",
    policy: defaultPolicy,
    source: "test",
    replicas: [{ ...shown, state: "up", reason: "", since: 0 }],
  };
}

test("with four workers each client has one session, and every answer reaches who asked (U16)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  const port = await freePortOfBoth();
  await using pool = await serve(4, port, replica.port);
  assert.deepEqual(pool.bindings.listening(`udp/${port}`), [`127.0.0.1:${port}`]);
  await using stack = new AsyncDisposableStack();
  const clients = await Promise.all(Array.from({ length: 32 }, () => UdpClient.open(port)));
  for (const client of clients) stack.use(client);
  const wanted = Array.from({ length: 10 }, (_, round) => `${round}`);
  for (const round of wanted) {
    await Promise.all(clients.map((client) => client.ask(`${client.port} ${round}`)));
  }
  for (const client of clients) {
    assert.deepEqual(
      client.texts,
      wanted.map((round) => `${client.port} ${round}`),
    );
  }
  assert.equal(replica.sources.size, 32, "a session that moved would have two");
  const cells = pool.memory.service(`udp/${port}`);
  assert.equal(cells?.[serviceColumns.sessions], 32);
  assert.equal(cells?.[serviceColumns.datagramsIn], 320);
  const [listener] = pool.bindings.listeners(`udp/${port}`);
  assert.ok((listener?.receiveBuffer ?? 0) > 0);
});

test("a worker that dies is replaced, its sessions are booked as killed and open again on demand", async () => {
  const threads: Worker[] = [];
  const remember = (worker: Worker): void => void threads.push(worker);
  process.on("worker", remember);
  await using replica = await UdpReplica.start(echoDatagram);
  const port = await freePortOfBoth();
  await using pool = await serve(1, port, replica.port);
  const key = `udp/${port}`;
  await using client = await UdpClient.open(port);
  await client.ask("before");
  assert.equal(pool.memory.connectionsOn(key, `127.0.0.1:${replica.port}`), 1);
  await threads[0]?.terminate();
  process.removeListener("worker", remember);
  await eventually(() => pool.memory.service(key)?.[sessionsClosedColumn("killed")] === 1);
  assert.equal(pool.memory.connectionsOn(key, `127.0.0.1:${replica.port}`), 0);
  await eventually(() => pool.bindings.listening(key).length === 1);
  assert.equal(String(await client.ask("after")), "after");
  assert.equal(pool.memory.service(key)?.[serviceColumns.sessionsActive], 1);
});
