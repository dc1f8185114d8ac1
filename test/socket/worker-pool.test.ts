import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../src/model/policy.ts";
import type { Worker } from "node:worker_threads";
import { closedColumn, serviceColumns } from "../../src/model/counters.ts";
import { emptyTable, type Route, type Table } from "../../src/routing/table.ts";
import { everyRoute } from "../../src/routing/diff.ts";
import type { Bindings } from "../../src/workers/bindings.ts";
import type { WorkerPool } from "../../src/workers/pool.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { startWorkerPool } from "../support/worker-pool.ts";

function start(workers: number): { pool: WorkerPool; threads: Worker[]; bindings: Bindings } {
  const threads: Worker[] = [];
  const remember = (worker: Worker): void => void threads.push(worker);
  process.on("worker", remember);
  const pool = startWorkerPool(workers);
  const { bindings } = pool;
  return { pool, threads, bindings };
}

function routeTo(port: number, replica: number): Route {
  const address = { host: "127.0.0.1", port: replica };
  const shown = { key: `127.0.0.1:${replica}`, address, host: "h", task: "t", weight: 500 };
  return {
    key: `tcp/${port}`,
    app: "/web",
    name: "web",
    port,
    protocol: "tcp",
    mode: "tcp",
    policy: defaultPolicy,
    source: "test",
    replicas: [{ ...shown, state: "up", reason: "", since: 0 }],
  };
}

function tableOf(version: number, route: Route): Table {
  return { version, updatedAt: 0, routes: [route], problems: [] };
}

async function greeted(port: number): Promise<TcpClient> {
  const client = await TcpClient.open(port);
  await eventually(() => client.text === "r\n");
  return client;
}

test("a worker that dies is replaced, serves again, and its connections are booked as killed (L10)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  const { pool, threads, bindings } = start(1);
  await using owner = pool;
  const port = await freePort();
  const after = routeTo(port, replica.port);
  owner.apply(tableOf(1, after), [{ kind: "added", key: after.key, after }]);
  await owner.served(1);
  const clients = [await greeted(port), await greeted(port)];
  assert.equal(owner.memory.connections(), 2);
  assert.equal(owner.memory.connectionsOn(after.key, `127.0.0.1:${replica.port}`), 2);

  await threads[0]?.terminate();
  await eventually(() => clients.every(({ closed, ended }) => closed || ended));
  await eventually(() => bindings.listening(after.key).length === 1, {
    what: "the port to be bound again",
  });
  assert.equal(owner.deaths.count, 1);
  const row = owner.memory.service(after.key);
  assert.equal(row?.[serviceColumns.active], 0);
  assert.equal(row?.[closedColumn("killed")], 2);
  assert.equal(owner.memory.connectionsOn(after.key, `127.0.0.1:${replica.port}`), 0);
  await using again = await greeted(port);
  assert.equal(again.text, "r\n");
  assert.equal(owner.memory.service(after.key)?.[serviceColumns.accepted], 3);
});

test("with two workers the other one serves on while a dead one is replaced (L10)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  const { pool, threads, bindings } = start(2);
  await using owner = pool;
  const port = await freePort();
  const after = routeTo(port, replica.port);
  owner.apply(tableOf(1, after), [{ kind: "added", key: after.key, after }]);
  await owner.served(1);
  await threads[0]?.terminate();
  await eventually(() => owner.deaths.count === 1);
  for (let round = 0; round < 10; round += 1) {
    const client = await greeted(port);
    await client[Symbol.asyncDispose]();
  }
  await eventually(() => bindings.listening(after.key).length === 1);
  // What was published while the thread was gone is served by its successor too.
  owner.apply(tableOf(2, after), [{ kind: "removed", key: after.key, before: after }]);
  await owner.served(2);
  assert.deepEqual(bindings.listeners(after.key), []);
});

test("a table that is told anew is judged anew for what is on this host", async () => {
  await using replica = await TcpReplica.start(named("r"));
  let isHere = false;
  await using pool = startWorkerPool(1, () => isHere);
  const port = await freePort();
  const route = routeTo(port, replica.port);
  const after: Route = { ...route, policy: { ...defaultPolicy, locality: "only" } };
  pool.apply(tableOf(1, after), [{ kind: "added", key: after.key, after }]);
  await pool.served(1);
  {
    await using refused = await TcpClient.open(port);
    await eventually(() => refused.closed || refused.ended);
  }
  isHere = true;
  pool.apply(tableOf(1, after), everyRoute(tableOf(1, after)));
  await eventually(async () => {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "r\n" || client.closed || client.ended);
    return client.text === "r\n";
  });
});

test("before the first table nobody is told to listen, also when this host is called something else", async (t) => {
  await using pool = startWorkerPool(1);
  const tell = t.mock.method(pool, "tell");
  pool.apply(emptyTable, everyRoute(emptyTable));
  assert.equal(tell.mock.callCount(), 0);
  pool.apply({ ...emptyTable, version: 1 }, []);
  assert.equal(tell.mock.callCount(), 1);
  await pool.served(1);
});

test("a worker that dies after the stop is not replaced, so that nothing opens again", async () => {
  await using replica = await TcpReplica.start(named("r"));
  const { pool, threads, bindings } = start(1);
  await using owner = pool;
  const port = await freePort();
  const after = routeTo(port, replica.port);
  owner.apply(tableOf(1, after), [{ kind: "added", key: after.key, after }]);
  await owner.served(1);
  await owner.stopAccepting();
  await threads[0]?.terminate();
  await eventually(() => owner.applied === 0, { what: "the worker to be counted out" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(threads.length, 1);
  assert.deepEqual(bindings.listening(after.key), []);
});
