import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { listeningInode } from "../support/listening-inode.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { Stop } from "../support/stop.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

function isUp({ state }: { readonly state: string }): boolean {
  return state === "up";
}

/** Connects over and over; each connection must get a greeting and an echo. */
async function visit(
  port: number,
  until: AbortSignal,
  result: { served: number; failures: string[] },
): Promise<void> {
  while (!until.aborted && result.failures.length < 100) {
    await new Promise<void>((resolve) => {
      let text = "";
      const socket = connect(port, "127.0.0.1", () => socket.write("hello"));
      socket.on("error", (error) => result.failures.push(error.message));
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith("\nhello")) socket.end();
      });
      socket.on("close", () => {
        if (text.endsWith("\nhello")) result.served += 1;
        else result.failures.push(`cut after ${JSON.stringify(text)}`);
        resolve();
      });
    });
  }
}

test("200 changes of route under load: no failed connection, the listening socket is never closed (R01)", async () => {
  const replicas = await Promise.all(
    ["a", "b", "c", "d"].map((name) => TcpReplica.start(named(name))),
  );
  await using owned = new AsyncDisposableStack();
  for (const one of replicas) owned.use(one);
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  const tasks = replicas.slice(0, 2).map((one) => place(marathon, "/web", one.port));
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const inode = listeningInode(port);
  assert.ok(inode !== undefined);
  const long = await Promise.all(Array.from({ length: 8 }, () => TcpClient.open(port)));
  await eventually(() => long.every((client) => client.text.length > 0));

  using stop = new Stop();
  const result = { served: 0, failures: [] as string[] };
  const visitors = Array.from({ length: 4 }, () => visit(port, stop.signal, result));
  const { version: first } = await proxy.table();
  const changes = async (): Promise<number> => (await proxy.table()).version - first;
  // Each round a new task comes and an old one is killed: two changes, told by events.
  for (let round = 0; (await changes()) < 200; round += 1) {
    const fresh = replicas[(round + 2) % replicas.length];
    assert.ok(fresh);
    tasks.push(place(marathon, "/web", fresh.port));
    await proxy.service(port, ({ replicas: shown }) => shown.filter(isUp).length === 3);
    const oldest = tasks.shift();
    assert.ok(oldest !== undefined);
    marathon.setTask(oldest, { state: "TASK_KILLING" });
    marathon.setTask(oldest, { state: "TASK_KILLED" });
    await proxy.service(port, ({ replicas: shown }) => shown.filter(isUp).length === 2);
  }
  stop.abort();
  await Promise.all(visitors);

  assert.deepEqual(result.failures, []);
  assert.ok(result.served > 500, `${result.served} connections`);
  assert.equal(listeningInode(port), inode);
  for (const client of long) {
    const before = client.text.length;
    client.socket.write("still here");
    await eventually(() => client.text.length === before + 10);
    await client[Symbol.asyncDispose]();
  }
});

test("a port that goes and comes back under load: its neighbour feels nothing, and it is served each time (R04)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  using folder = new TemporaryFolder();
  const [kept, coming] = [await freePort(), await freePort()];
  const say = (...ports: readonly number[]): void => {
    const replicas = [`127.0.0.1:${replica.port}`];
    const services = ports.map((port) => ({ app: "/web", port, replicas }));
    folder.replace("services.json", JSON.stringify({ services }));
  };
  say(kept, coming);
  await using proxy = await RunningProxy.start(["--file", folder.file("services.json")]);
  await proxy.ready();
  await proxy.service(coming, ({ listening }) => listening.length > 0);
  using stop = new Stop();
  const [steady, bold] = [
    { served: 0, failures: [] as string[] },
    { served: 0, failures: [] as string[] },
  ];
  const seen = new Set<string>();
  const visitors = [visit(kept, stop.signal, steady), visit(kept, stop.signal, steady)];
  const tries = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await visit(coming, stop.signal, bold);
      for (const failure of bold.failures.splice(0)) seen.add(failure);
    }
  };
  visitors.push(tries());
  for (let round = 0; round < 5; round += 1) {
    const { served } = bold;
    await eventually(() => bold.served > served, { what: `service in round ${round}` });
    await using running = await TcpClient.open(coming);
    await eventually(() => running.text === "r\n");
    say(kept);
    await eventually(async () => (await proxy.table()).services.length === 1);
    running.socket.write("still here");
    await eventually(() => running.text.endsWith("still here"));
    say(kept, coming);
    await proxy.service(coming, ({ listening }) => listening.length > 0);
  }
  stop.abort();
  await Promise.all(visitors);
  assert.deepEqual(steady.failures, []);
  assert.ok(steady.served > 0);
  // Nobody was let in and cut off: who failed came while nobody listened.
  assert.deepEqual(
    [...seen].filter((failure) => !/ECONNREFUSED|ECONNRESET|^cut after ""$/.test(failure)),
    [],
  );
  assert.equal(await proxy.metric("portolan_listener_bind_errors_total"), undefined);
});

test("a replica that dies without a word costs no client anything while another lives", async () => {
  await using alive = await TcpReplica.start(named("alive"));
  const dying = await TcpReplica.start(named("dying"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", alive.port);
  place(marathon, "/web", dying.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await dying[Symbol.asyncDispose]();
  using stop = new Stop();
  const result = { served: 0, failures: [] as string[] };
  const visitor = visit(port, stop.signal, result);
  await eventually(() => result.served >= 100);
  stop.abort();
  await visitor;
  assert.deepEqual(result.failures, []);
  assert.ok(((await proxy.metric("portolan_replica_retries_total")) ?? 0) > 0);
});
