import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import type { JsonObject } from "../../src/demo/marathon/fields.ts";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { eventually } from "../support/eventually.ts";
import { ask, onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** Puts an app that Marathon then lists with these fields instead of its own. */
function odd(
  marathon: EmbeddedMarathon,
  id: string,
  [port, fields]: readonly [number, JsonObject],
): void {
  marathon.putApp(app(id, port));
  marathon.overrideApp(id, fields);
}

const hostileIds = [
  "/../../etc/cron.d/x",
  "/..",
  "//",
  "",
  "/a/./b",
  "/%2e%2e",
  "/a\u0000b",
  "/a\nService-Port: 1",
  `/${"x".repeat(4096)}`,
  "/a\u202Eb",
  "/A B",
  7,
  null,
  { "/x": 1 },
];

test("app ids that are paths, lines or nothing make no file and no service (X01, X03)", async () => {
  using folder = new TemporaryFolder();
  const state = folder.file("inside/state");
  mkdirSync(folder.file("inside"));
  const ports = await Promise.all(hostileIds.map(() => freePort()));
  await onStage(
    {
      args: [`--run-state-dir=${state}`],
      prepare: (marathon) => {
        for (const [index, id] of hostileIds.entries()) {
          odd(marathon, `/odd/${index}`, [ports[index] ?? 1, { id }]);
        }
      },
    },
    async ({ proxy, port }) => {
      const { services } = await proxy.table();
      assert.deepEqual(services.map((one) => one.app).toSorted(), ["/canary", "/web"]);
      assert.equal(await ask(port), "web");
      const files = (): string[] =>
        readdirSync(`${state}/confd`).filter((name) => name.endsWith(".instances"));
      await eventually(() => existsSync(`${state}/confd`) && files().length === 2);
      assert.ok(files().every((name) => /^(?:canary|web)-0-\d+\.instances$/.test(name)));
      assert.deepEqual(readdirSync(folder.path), ["inside"]);
      const lines = readFileSync(`${state}/confd/web-0-${port}.instances`, "utf8").split("\n");
      assert.equal(lines.length, 8);
      const problems: unknown = JSON.parse(await proxy.text("/api/problems"));
      assert.ok(Array.isArray(problems) && problems.length >= 8);
    },
  );
});

test("two ids that make one name have a file each, and foreign files stay (X02, X04)", async () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("confd"));
  writeFileSync(folder.file("confd/foreign.instances"), "theirs");
  const [one, two] = [await freePort(), await freePort()];
  await onStage({ args: [`--run-state-dir=${folder.path}`] }, async ({ marathon, proxy }) => {
    marathon.putApp(app("/a.b", one));
    marathon.putApp(app("/a/b", two));
    for (const id of ["/a.b", "/a/b"]) place(marathon, id, await freePort());
    await proxy.service(two);
    await proxy.service(one);
    const names = (): string[] => readdirSync(folder.file("confd"));
    await eventually(() => names().filter((name) => name.startsWith("a.b")).length === 2);
    for (const id of ["/a.b", "/a/b"]) marathon.deleteApp(id);
    await eventually(() => names().every((name) => !name.startsWith("a.b")));
    assert.equal(readFileSync(folder.file("confd/foreign.instances"), "utf8"), "theirs");
  });
});

const hostileLabels: JsonObject = {
  "portolan.0.weight": "1;drop",
  "portolan.0.drain-timeout": "-1",
  "portolan.0.queue-timeout": "Infinity",
  "portolan.0.max-connections": "1e9",
  "portolan.0.replica-limit": "0",
  "portolan.0.connect-timeout": "99999999999999999999",
  "portolan.0.balance": "(a+)+$",
  "lb-proxy-protocol": "3",
  "lb-vhost": "(a+)+$",
  HAPROXY_0_VHOST: "(a+)+$",
  null: null,
  number: 7,
  list: ["a"],
  __proto__x: "y",
  constructor: "z",
  "com.meltwater.proxymatic.port.0.weight": "\u0000",
  "portolan.0.check-path": "/x\r\nGET /evil HTTP/1.1",
  large: "x".repeat(1 << 20),
};

test("labels of every bad kind cost their own app its wishes and nobody anything else (X07, X08, X11)", async () => {
  await using replica = await TcpReplica.start(named("odd"));
  const port = await freePort();
  await onStage({}, async ({ marathon, proxy, port: web }) => {
    marathon.putApp(app("/odd", port));
    place(marathon, "/odd", replica.port);
    marathon.overrideApp("/odd", { labels: hostileLabels });
    proxy.signal("SIGHUP");
    await eventually(async () => (await proxy.text("/api/problems")).includes("1;drop"));
    assert.equal(await ask(port), "odd");
    assert.equal(await ask(web), "web");
    for (const labels of [null, 7, "text", ["a"], { a: { b: 1 } }]) {
      marathon.overrideApp("/odd", { labels });
      proxy.signal("SIGHUP");
      assert.equal(await ask(port), "odd");
    }
  });
});

test("a health path cannot make a second request, whatever it holds (X09)", async () => {
  const asked: string[] = [];
  await using stack = new AsyncDisposableStack();
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end();
  });
  server.on("error", () => undefined);
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const paths = [
    "/x\r\nGET /evil HTTP/1.1",
    "/a b",
    "http://evil/",
    "/ü",
    `/${"l".repeat(10_000)}`,
  ];
  const ports = await Promise.all(paths.map(() => freePort()));
  const prepare = (marathon: EmbeddedMarathon): void => {
    for (const [index, path] of paths.entries()) {
      const healthChecks = [{ protocol: "HTTP", path, portIndex: 0 }];
      odd(marathon, `/path/${index}`, [ports[index] ?? 1, { healthChecks }]);
      marathon.addTask(`/path/${index}`, {
        host: "127.0.0.1",
        ports: [address.port],
        health: true,
      });
    }
  };
  await onStage({ prepare, args: ["--check-interval", "200ms"] }, async ({ proxy }) => {
    await eventually(() => asked.length >= 3);
    assert.ok(
      asked.every((url) => !url.startsWith("/evil") && /^\/[!-~]*$/.test(url)),
      asked.join(" "),
    );
    assert.equal((await proxy.table()).services.length, paths.length + 2);
  });
});

test("replicas at addresses that nobody may reach through us are never dialled (X10)", async () => {
  const hosts = [
    "169.254.169.254",
    "224.0.0.1",
    "fe80::1",
    "255.255.255.255",
    "::ffff:169.254.1.1",
  ];
  const ports = await Promise.all(hosts.map(() => freePort()));
  const prepare = (marathon: EmbeddedMarathon): void => {
    for (const [index, host] of hosts.entries()) {
      marathon.putApp(app(`/reach/${index}`, ports[index] ?? 1));
      marathon.addTask(`/reach/${index}`, { host, ports: [80], health: true });
    }
  };
  await onStage({ prepare }, async ({ proxy }) => {
    for (const [index, port] of ports.entries()) {
      const { replicas } = await proxy.service(port);
      assert.ok(replicas.length > 0, `${hosts[index]} is missing`);
      assert.ok(
        replicas.every(({ state, reason }) => state === "down" && /link-local/.test(reason)),
        `${hosts[index]}: ${JSON.stringify(replicas)}`,
      );
      assert.equal(await ask(port), undefined);
    }
  });
});

test("tasks that cannot be are skipped one by one (X16, M27)", async () => {
  await using replica = await TcpReplica.start(named("good"));
  const port = await freePort();
  await onStage({}, async ({ marathon, proxy }) => {
    marathon.putApp(app("/tasks", port));
    place(marathon, "/tasks", replica.port);
    const task = (fields: JsonObject): JsonObject => ({
      id: `tasks.${JSON.stringify(fields).length}`,
      host: "127.0.0.1",
      ports: [replica.port],
      state: "TASK_RUNNING",
      startedAt: "2026-01-01T00:00:00.000Z",
      healthCheckResults: [{ alive: true }],
      ...fields,
    });
    const tasks = [
      task({ id: "tasks.good" }),
      task({ id: "tasks.good" }),
      task({ ports: [0] }),
      task({ ports: [70_000] }),
      task({ ports: [] }),
      task({ ports: null }),
      task({ host: null }),
      task({ host: "a b" }),
      task({ id: null }),
      task({ id: 7 }),
      task({ id: "tasks.many", ports: Array.from({ length: 1000 }, (_, index) => index) }),
      task({ id: "tasks.killed", state: "TASK_KILLED" }),
      null,
      "task",
      [],
    ];
    marathon.overrideApp("/tasks", { tasks });
    proxy.signal("SIGHUP");
    await eventually(async () => (await proxy.text("/api/problems")).includes("listed twice"));
    assert.equal(await ask(port), "good");
    const { replicas } = await proxy.service(port);
    assert.equal(replicas.filter(({ state }) => state === "up").length, 1);
  });
});

test("only ports of the groups that were asked for are served (X14)", async () => {
  const groups = [undefined, "mine", "other", "*", "mine,other", "mïne"];
  const ports = await Promise.all(groups.map(() => freePort()));
  await using marathon = await startMarathon();
  for (const [index, group] of groups.entries()) {
    const labels = group === undefined ? {} : { "lb-group": group };
    const port = ports[index] ?? 1;
    const portDefinitions = [{ port, protocol: "tcp", labels }];
    marathon.putApp({ ...app(`/group/${index}`, port), portDefinitions });
  }
  const servedWith = async (...args: string[]): Promise<number[]> => {
    await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? "", ...args]);
    await proxy.ready();
    const { services } = await proxy.table();
    return services.map(({ port }) => ports.indexOf(port)).toSorted();
  };
  assert.deepEqual(await servedWith("--groups", "mine"), [1, 4]);
  assert.equal((await servedWith()).length, groups.length);
});
