import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { ask, onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { isMissing } from "../support/real-server.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const noPrlimit = isMissing("prlimit", "util-linux");

test(
  "without a descriptor left nobody is thought ill, and all goes on when there are some (L02, HC09)",
  { skip: noPrlimit },
  async () => {
    await using web = await TcpReplica.start(named("web"));
    await using marathon = await startMarathon();
    const port = await freePort();
    // Without a check of its own, which would be asked at its own interval.
    marathon.putApp({ ...app("/web", port), healthChecks: [] });
    place(marathon, "/web", web.port);
    const args = ["--marathon", marathon.urls[0] ?? "", "--check-interval", "200ms"];
    const canary = "none: nobody is served while there is no descriptor left";
    await using proxy = await RunningProxy.start(args, {}, { canary });
    await proxy.ready();
    await eventually(async () => (await ask(port)) === "web");
    const pid = String(proxy.pid);
    const limit = (soft: number): void => {
      execFileSync("prlimit", ["--pid", pid, `--nofile=${soft}:`]);
    };
    // No lower number is free, whatever has been closed: what is open stays so, and nothing more can be opened.
    limit(3);
    const clients = Array.from({ length: 20 }, () => new TcpClient(port));
    // Probes, accepts and dials fail by our own fault, and so does the look at the interfaces every ten seconds.
    await wait(11_000);
    limit(4096);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await eventually(async () => (await ask(port)) === "web");
    const changes = proxy.log.filter(({ msg }) => msg === "routing changed");
    assert.ok(
      changes.every((line) => !/down/.test(String(line["changes"]))),
      JSON.stringify(changes),
    );
    const ownFaults = await proxy.metric("portolan_checks_total", { result: "local_error" });
    assert.ok(ownFaults !== undefined && ownFaults > 0, String(ownFaults));
    assert.equal(await proxy.metric("portolan_checks_total", { result: "fail" }), 0);
    assert.equal(await proxy.metric("portolan_worker_crashes_total"), 0);
  },
);

test("killed in the middle of everything, it is back on all its ports, from what it knew (L08)", async () => {
  await using web = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const ports = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  for (const [index, port] of ports.entries()) {
    marathon.putApp(app(`/web/${index}`, port));
    place(marathon, `/web/${index}`, web.port);
  }
  const args = ["--marathon", marathon.urls[0] ?? "", "--state-file", folder.file("state")];
  const clients: TcpClient[] = [];
  {
    await using proxy = await RunningProxy.start(args);
    await proxy.ready();
    for (let count = 0; count < 500; count += 1) {
      clients.push(new TcpClient(ports[count % ports.length] ?? 0));
    }
    await eventually(() => clients.every(({ text }) => text === "web\n"));
    // Those that we end first are remembered by the kernel for a minute.
    for (const { socket } of clients) socket.once("end", () => socket.end());
    for (const socket of web.sockets.slice(-100)) socket.end();
    await eventually(() => clients.filter(({ closed }) => closed).length >= 50);
    await eventually(() => existsSync(folder.file("state")));
    proxy.signal("SIGKILL");
    await proxy.exit();
  }
  await marathon.stopMember(0);
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  for (const port of ports) await eventually(async () => (await ask(port)) === "web");
  assert.ok(!proxy.log.some(({ msg }) => /cannot listen/.test(String(msg))));
  await eventually(() => clients.every(({ closed, ended }) => closed || ended));
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test("stopped for seconds and woken, it blames no replica and keeps its connections (HC10, L20)", async () => {
  await onStage({ args: ["--check-interval", "300ms"] }, async ({ proxy, port }) => {
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "web\n");
    proxy.signal("SIGSTOP");
    await wait(3500);
    proxy.signal("SIGCONT");
    client.socket.write("still here");
    await eventually(() => client.text.endsWith("still here"));
    assert.equal(await ask(port), "web");
    await wait(1000);
    const changes = proxy.log.filter(({ msg }) => msg === "routing changed");
    assert.ok(changes.every((line) => !/ down/.test(String(line["changes"]))));
  });
});

const [fakeTime] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");

test(
  "a clock that jumps hours, days and decades costs no connection and no replica (L19)",
  {
    skip: fakeTime === undefined ? "libfaketime is not installed: apt-get install faketime" : false,
  },
  async () => {
    using folder = new TemporaryFolder();
    folder.replace("time", "+0");
    await using web = await TcpReplica.start(named("web"));
    await using marathon = await startMarathon();
    const port = await freePort();
    marathon.putApp(app("/web", port));
    const task = place(marathon, "/web", web.port);
    const args = ["--marathon", marathon.urls[0] ?? "", "--check-interval", "300ms"];
    await using proxy = await RunningProxy.start([...args, "--refresh-interval", "1s"], {
      LD_PRELOAD: fakeTime ?? "",
      FAKETIME_TIMESTAMP_FILE: folder.file("time"),
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    });
    await proxy.ready();
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "web\n");
    let alive = true;
    for (const jump of ["-1h", "+1h", "+1d", "-2d", "@2038-01-20 00:00:00"]) {
      folder.replace("time", jump);
      // A change is told in the new time, so that the jump has been seen.
      alive = !alive;
      marathon.setHealth(task, alive);
      await proxy.service(port, ({ replicas }) => replicas[0]?.state === (alive ? "up" : "down"));
      assert.ok(!client.closed);
      const ages = [...(await proxy.text("/api/sources")).matchAll(/"ageSeconds": (-?[\d.]+)/g)];
      assert.ok(
        ages.every(([, age]) => Number(age) >= 0),
        JSON.stringify(ages),
      );
    }
    marathon.setHealth(task, true);
    await proxy.service(port, ({ replicas }) => replicas[0]?.state === "up");
    assert.match(await proxy.text("/api/table"), /"updatedAt": "2038-01-2/);
    assert.equal(await ask(port), "web");
  },
);

test("proxies that the environment names are not for us (L26)", async () => {
  await using web = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({ ...app("/web", port), healthChecks: [{ protocol: "TCP", portIndex: 0 }] });
  place(marathon, "/web", web.port);
  const nowhere = "http://127.0.0.1:1";
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""], {
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    ALL_PROXY: nowhere,
    http_proxy: nowhere,
    NODE_USE_ENV_PROXY: "1",
  });
  await proxy.ready();
  await eventually(async () => (await proxy.metric("portolan_discovery_connected")) === 1);
  assert.equal(await ask(port), "web");
});

test("what it holds is given back: a thousand connections later it has what it had", async () => {
  await onStage({}, async ({ proxy, port }) => {
    const clients = Array.from({ length: 1000 }, () => new TcpClient(port));
    await eventually(() => clients.every(({ text }) => text === "web\n"), { withinMs: 20_000 });
    await proxy.service(port, ({ replicas }) => replicas[0]?.connections === 1000);
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.socket.end();
      else client.socket.resetAndDestroy();
    }
    await eventually(() => clients.every(({ closed }) => closed));
  });
});

/** Connects over and over until nobody listens any more; how each connection ended. */
async function knock(port: number): Promise<Map<string, number>> {
  const endings = new Map<string, number>();
  for (let isOpen = true; isOpen;) {
    await using client = new TcpClient(port);
    client.socket.end("hello");
    await eventually(() => client.closed);
    const isServed = client.text === "web\nhello";
    const ending = isServed ? "served" : (client.error?.code ?? "cut");
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
    isOpen = client.error?.code !== "ECONNREFUSED";
  }
  return endings;
}

test("SIGTERM amid long and new connections: new ones are served or refused, old ones end in peace (L04)", async () => {
  await using web = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", web.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const long = Array.from({ length: 200 }, () => new TcpClient(port));
  await eventually(() => long.every(({ text }) => text === "web\n"));
  const knocking = Array.from({ length: 4 }, () => knock(port));
  await wait(200);
  proxy.signal("SIGTERM");
  for (const endings of await Promise.all(knocking)) {
    // What the kernel queues in the very moment of closing is reset by it: one per client at most.
    assert.ok((endings.get("ECONNRESET") ?? 0) <= 1);
    const others = [...endings.keys()].filter((ending) => ending !== "ECONNRESET");
    assert.deepEqual(others.toSorted(), ["ECONNREFUSED", "served"]);
  }
  for (const client of long) client.socket.end("good bye");
  await eventually(() => long.every(({ closed }) => closed));
  assert.ok(long.every(({ text, error }) => text === "web\ngood bye" && error === undefined));
  assert.equal(await proxy.exit(), 0);
});

test("a state file of anybody else's is told once, and nothing is served from it (M03)", async () => {
  using folder = new TemporaryFolder();
  const nobody = ["--marathon", `http://127.0.0.1:${await freePort()}`];
  for (const text of ["\u0000\u0001garbage", "portolan-state 1 0\n{}\n", "x".repeat(1 << 20)]) {
    folder.replace("state", text);
    const args = [...nobody, "--state-file", folder.file("state")];
    await using proxy = await RunningProxy.start(args);
    await proxy.logged(/^the state file is not used/);
    assert.equal(await proxy.text("/status"), "INITIALIZING\n");
    assert.equal((await proxy.table()).services.length, 0);
  }
});
