import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { Ejector } from "../../src/engine/ejector.ts";
import { blackhole } from "../support/black-hole.ts";
import { Canary } from "../support/canary.ts";
import { EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { HttpFixture } from "../support/http-fixture.ts";
import { assertBalanced, Baseline } from "../support/invariants.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

test("three failures in a row eject for 30 s × n, at most five minutes; a success clears everything", () => {
  const ejector = new Ejector();
  const fail = (now: number): number | undefined => ejector.failed("a", "refused", { of: 4, now });
  assert.deepEqual([fail(0), fail(1), fail(2)], [undefined, undefined, 30_000]);
  assert.equal(ejector.admits("a", 30_001), false);
  assert.equal(ejector.admits("a", 30_002), true);
  assert.equal(fail(30_003), 60_000);
  let now = 30_003;
  let time: number | undefined = 60_000;
  for (let round = 0; round < 20; round += 1) {
    now += time ?? 0;
    time = fail(now);
  }
  assert.equal(time, 300_000);
  assert.equal(ejector.succeeded("a"), true);
  assert.equal(ejector.admits("a", now), true);
  assert.equal(fail(now), undefined);
});

test("interleaved successes never eject, our own shortage never counts, a timeout counts at once", () => {
  const ejector = new Ejector();
  for (let round = 0; round < 10; round += 1) {
    assert.equal(ejector.failed("a", "refused", { of: 4, now: round }), undefined);
    assert.equal(ejector.failed("a", "refused", { of: 4, now: round }), undefined);
    assert.equal(ejector.succeeded("a"), false);
    assert.equal(ejector.failed("a", "local", { of: 4, now: round }), undefined);
  }
  assert.equal(ejector.failed("b", "timeout", { of: 4, now: 0 }), 30_000);
});

test("never more than half of a service is ejected", () => {
  for (const [of, most] of [
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ] as const) {
    const ejector = new Ejector();
    const keys = Array.from({ length: of }, (_, index) => `r${index}`);
    const ejected = keys.filter(
      (key) => ejector.failed(key, "timeout", { of, now: 0 }) !== undefined,
    );
    assert.equal(ejected.length, most, `of ${of}`);
  }
});

test("after its time an ejected replica gets one connection per ten seconds until one succeeds", () => {
  const ejector = new Ejector();
  ejector.failed("a", "timeout", { of: 2, now: 0 });
  assert.equal(ejector.admits("a", 30_000), true);
  ejector.picked("a", 30_000);
  assert.equal(ejector.admits("a", 30_001), false);
  assert.equal(ejector.admits("a", 40_000), true);
  ejector.picked("a", 40_000);
  assert.equal(ejector.succeeded("a"), true);
  assert.equal(ejector.admits("a", 40_001), true);
});

test("one that is forgiven gets its trial at once, and is out for longer at its first failure", () => {
  const ejector = new Ejector();
  ejector.failed("a", "timeout", { of: 2, now: 0 });
  ejector.forgive("a", 1000);
  assert.equal(ejector.admits("a", 1000), true);
  ejector.picked("a", 1000);
  assert.equal(ejector.admits("a", 1001), false);
  assert.equal(ejector.failed("a", "refused", { of: 2, now: 1002 }), 60_000);
  ejector.forgive("a", 2000);
  ejector.picked("a", 2000);
  assert.equal(ejector.succeeded("a"), true);
  ejector.forgive("b", 2000);
  assert.equal(ejector.admits("b", 2000), true);
});

test("trouble with a replica is reported at once, but not over and over; our own shortage never", async () => {
  await using good = await TcpReplica.start(named("good"));
  const dead = await freePort();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [dead, good.port], { balance: "roundrobin" });
  const reported = (kind: "suspect" | "ejected"): string[] =>
    proxy.reports.flatMap((report) => (report.kind === kind ? [report.replica] : []));
  for (let round = 0; round < 6; round += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "good\n");
  }
  assert.deepEqual(reported("ejected"), [`127.0.0.1:${dead}`]);
  const suspicions = reported("suspect");
  assert.deepEqual(new Set(suspicions), new Set([`127.0.0.1:${dead}`]));
  assert.ok(suspicions.length <= 3);
});

test("how often a replica failed in a row is told with its trouble, and that it is well again", async () => {
  const port = await freePort();
  const later = await freePort();
  await using proxy = new EngineFixture();
  await proxy.serve(port, [later]);
  const told = (): string[] =>
    proxy.reports.flatMap((report) => {
      if (report.kind === "suspect") return [`${report.failure} ${report.inARow}`];
      return report.kind === "well" ? ["well"] : [];
    });
  await eventually(async () => {
    await using client = new TcpClient(port);
    await eventually(() => client.closed);
    return told().length === 2;
  });
  assert.equal(told()[0], "refused 1");
  assert.match(told()[1] ?? "", /^refused (?:[2-9]|\d\d+)$/);
  await using _ = await TcpReplica.start(named("back"), later);
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "back\n");
  client.socket.end();
  await eventually(() => told().at(-1) === "well");
  assert.equal(told().length, 3);
});

test("a connection that is reset midway is trouble that counts towards no ejection", async () => {
  const resetting = (socket: Socket): void => {
    socket.write("hello\n");
    socket.once("data", () => socket.resetAndDestroy());
  };
  await using one = await TcpReplica.start(resetting);
  await using two = await TcpReplica.start(resetting);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [one.port, two.port], { balance: "roundrobin" });
  for (let round = 0; round < 8; round += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "hello\n");
    client.socket.write("go");
    await eventually(() => client.ended);
    client.socket.end();
    await eventually(() => client.closed);
  }
  const told = proxy.reports.flatMap((report) =>
    "replica" in report && report.kind === "suspect"
      ? [`${report.replica} ${report.failure} ${report.inARow}`]
      : [],
  );
  assert.deepEqual(
    new Set(told),
    new Set([one, two].map(({ port: at }) => `127.0.0.1:${at} reset 0`)),
  );
  assert.ok(!proxy.reports.some(({ kind }) => kind === "ejected"));
});

test("an HTTP answer that is cut off is trouble", async () => {
  await using replica = await TcpReplica.start((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
  });
  await using proxy = await HttpFixture.start([replica.port]);
  await using client = await TcpClient.open(proxy.port);
  client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually(() => client.closed);
  await eventually(() => proxy.reports.some(({ kind }) => kind === "suspect"));
});

test("an ejected replica that its probes find well is tried again before its time", async () => {
  await using good = await TcpReplica.start(named("good"));
  const port = await freePort();
  const later = await freePort();
  await using proxy = new EngineFixture();
  await proxy.serve(port, [later, good.port], { balance: "roundrobin" });
  const ask = async (): Promise<string> => {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text.endsWith("\n"));
    client.socket.end();
    await eventually(() => client.closed);
    return client.text;
  };
  const both = async (): Promise<string> => [await ask(), await ask()].toSorted().join("");
  for (let round = 0; round < 3; round += 1) assert.equal(await both(), "good\ngood\n");
  assert.ok(proxy.reports.some(({ kind }) => kind === "ejected"));
  await using back = await TcpReplica.start(named("back"), later);
  assert.equal(await both(), "good\ngood\n");
  proxy.engine.forgive(`tcp/${port}`, `127.0.0.1:${back.port}`);
  assert.equal(await both(), "back\ngood\n");
  await eventually(() => proxy.reports.some(({ kind }) => kind === "readmitted"));
  assert.equal(await both(), "back\ngood\n");
});

test("one of two replicas refuses: no client notices, and it is left alone after three attempts (T13)", async () => {
  await using good = await TcpReplica.start(named("good"));
  const dead = await freePort();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [dead, good.port]);
  for (let round = 0; round < 200; round += 1) {
    await using client = new TcpClient(port);
    client.socket.end("x");
    await eventually(() => client.closed);
    assert.equal(client.text, "good\nx");
  }
  assert.deepEqual(proxy.closed, { completed: 200 });
  assert.equal(proxy.retries, 3);
});

test("a black hole costs one timeout, then gets no connection for its ejection (T14)", async () => {
  await using good = await TcpReplica.start(named("good"));
  await using dark = await blackhole();
  await using proxy = new EngineFixture({ limits: { connectTimeoutMs: 200 } });
  const port = await freePort();
  await proxy.serve(port, [dark.port, good.port], { balance: "roundrobin" });
  for (let round = 0; round < 50; round += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "good\n");
  }
  assert.equal(proxy.retries, 1);
});

test("when ejection alone would leave nobody, the least bad is tried (R10)", async () => {
  const ports = [await freePort(), await freePort()];
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, ports);
  await using canary = await Canary.start(proxy);
  for (let round = 0; round < 5; round += 1) {
    await using client = new TcpClient(port);
    await eventually(() => client.closed);
  }
  assert.ok(proxy.reports.some(({ kind }) => kind === "ejected"));
  // The ejected one has come back to life, the other one has not: it is tried after all.
  const ejected = proxy.reports.find((report) => report.kind === "ejected");
  assert.ok(ejected?.kind === "ejected");
  await using back = await TcpReplica.start(named("back"), Number(ejected.replica.split(":")[1]));
  await using _ = await Baseline.take();
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "back\n");
  assert.equal(back.sockets.length, 1);
  client.socket.end();
  await eventually(() => proxy.reports.some(({ kind }) => kind === "readmitted"));
  assert.equal(proxy.reports.filter(({ kind }) => kind === "fail-open").length, 1, "said once");
  await canary.assertWell();
  await assertBalanced(proxy);
});

test("while others are only full an ejected replica stays out, and clients wait for their turn", async () => {
  await using good = await TcpReplica.start(named("good"));
  const dead = await freePort();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [good.port, dead], { replicaLimit: 2, queueTimeoutMs: 60_000 });
  while (!proxy.reports.some(({ kind }) => kind === "ejected")) {
    await using client = new TcpClient(port);
    client.socket.end();
    await eventually(() => client.closed);
  }
  await using one = await TcpClient.open(port);
  await using two = await TcpClient.open(port);
  await eventually(() => one.text === "good\n" && two.text === "good\n");
  const { retries } = proxy;
  await using waiter = await TcpClient.open(port);
  await eventually(() => proxy.active === 3);
  await using cut = await TcpReplica.start(named("still ejected"), dead);
  one.socket.end();
  await eventually(() => waiter.text !== "");
  assert.equal(waiter.text, "good\n");
  assert.equal(proxy.retries, retries);
  assert.equal(cut.sockets.length, 0);
  assert.equal(proxy.reports.filter(({ kind }) => kind === "fail-open").length, 0);
});

test("a replica that accepts and resets before a byte is passed over once, without the client noticing (T27)", async () => {
  await using bad = await TcpReplica.start((socket) => socket.resetAndDestroy());
  await using good = await TcpReplica.start(named("good"));
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [bad.port, good.port], { balance: "roundrobin" });
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  for (let round = 0; round < 10; round += 1) {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "good\n", { what: `round ${round}` });
    client.socket.end("bye");
    await eventually(() => client.closed);
    assert.equal(client.text, "good\nbye");
  }
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: 10 });
  assert.ok(bad.sockets.length <= 4, `${bad.sockets.length} attempts on a replica that resets`);
});

test("when every replica resets before a byte, the client is reset (T27)", async () => {
  await using one = await TcpReplica.start((socket) => socket.resetAndDestroy());
  await using two = await TcpReplica.start((socket) => socket.resetAndDestroy());
  await using three = await TcpReplica.start((socket) => socket.resetAndDestroy());
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [one.port, two.port, three.port]);
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  await using client = new TcpClient(port);
  await eventually(() => client.closed);
  assert.equal(client.error?.code, "ECONNRESET");
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { "upstream-reset": 1 });
  // A reset that comes while we connect is a failed connect: the next replica is tried, but none of them twice.
  for (const { sockets } of [one, two, three]) assert.ok(sockets.length <= 1);
});

test("a replica that resets after it has read is not tried again elsewhere", async () => {
  const heard: string[] = [];
  const serve = (socket: Socket): void => {
    socket.once("data", (chunk: Buffer) => {
      heard.push(chunk.toString());
      socket.resetAndDestroy();
    });
  };
  await using one = await TcpReplica.start(serve);
  await using two = await TcpReplica.start(serve);
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [one.port, two.port]);
  await using client = await TcpClient.open(port);
  client.socket.write("pay once");
  await eventually(() => client.closed || client.ended);
  assert.deepEqual(heard, ["pay once"]);
});

test("a replica that refuses half of the time costs no client anything (R09)", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  const flapping = await freePort();
  await using proxy = new EngineFixture();
  const port = await freePort();
  await proxy.serve(port, [flapping, one.port, two.port], { balance: "roundrobin" });
  await using _ = await Baseline.take();
  await using canary = await Canary.start(proxy);
  for (let round = 0; round < 40; round += 1) {
    // Up in even rounds, refusing in odd ones.
    const up = round % 2 === 0 ? await TcpReplica.start(named("flapping"), flapping) : undefined;
    for (let visit = 0; visit < 3; visit += 1) {
      await using client = new TcpClient(port);
      client.socket.end();
      await eventually(() => client.closed);
      assert.match(client.text, /^(one|two|flapping)\n$/);
    }
    await up?.[Symbol.asyncDispose]();
  }
  await canary.assertWell();
  await assertBalanced(proxy);
  assert.deepEqual(proxy.closed, { completed: 120 });
});

test("an ejection does not outlive its task: another one on the same address is picked at once", async () => {
  await using good = await TcpReplica.start(named("good"));
  const dead = await freePort();
  await using proxy = new EngineFixture();
  const port = await freePort();
  const route = toRoute(port, [dead, good.port], { balance: "roundrobin" });
  await proxy.engine.apply([{ kind: "set", route }]);
  const visit = async (): Promise<string> => {
    await using client = new TcpClient(port);
    client.socket.end();
    await eventually(() => client.closed);
    return client.text;
  };
  for (let round = 0; round < 10; round += 1) assert.equal(await visit(), "good\n");
  assert.ok(proxy.reports.some(({ kind }) => kind === "ejected"));
  await using young = await TcpReplica.start(named("young"), dead);
  await proxy.engine.apply([{ kind: "set", route }]);
  for (let round = 0; round < 4; round += 1)
    assert.equal(await visit(), "good\n", "the same task stays out");
  const replicas = route.replicas.map((replica) => ({ ...replica, task: `${replica.task} again` }));
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas } }]);
  const heard = [await visit(), await visit(), await visit(), await visit()];
  assert.ok(heard.includes("young\n"), heard.join());
  assert.ok(young.sockets.length > 0);
});
