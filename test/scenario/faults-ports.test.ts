import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { ask, onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";

test("a taken port is told once with its app, tried again, and served when it is free (B01)", async () => {
  await using replica = await TcpReplica.start(named("late"));
  await using squatter = createServer().listen(0, "127.0.0.1");
  squatter.on("error", () => undefined);
  await once(squatter, "listening");
  const bound = squatter.address();
  assert.ok(bound !== null && typeof bound !== "string");
  await onStage({}, async ({ marathon, proxy, port }) => {
    marathon.putApp(app("/late", bound.port));
    place(marathon, "/late", replica.port);
    const warning = await proxy.logged(/cannot listen on .*EADDRINUSE/);
    assert.match(String(warning["subject"]), /\/late/);
    assert.equal(await ask(port), "web");
    const failed = async (): Promise<number> =>
      (await proxy.metric("portolan_listener_bind_errors_total", { code: "EADDRINUSE" })) ?? 0;
    await eventually(async () => (await failed()) >= 2, { what: "a second attempt" });
    assert.equal(proxy.log.filter(({ msg }) => /cannot listen/.test(String(msg))).length, 1);
    squatter.close();
    await eventually(async () => (await ask(bound.port)) === "late");
  });
});

test("ports that are none harm their app alone, and none of them is bound (B03)", async () => {
  const odd = [0, -1, 65_536, 1.5, "80x", "0x50", " 80", null, "1e3", {}, [], true];
  const taken = await freePort();
  await onStage(
    {
      prepare: (marathon) => {
        marathon.putApp(app("/odd", taken));
        const portDefinitions = odd.map((port) => ({ port, protocol: "tcp", labels: {} }));
        marathon.overrideApp("/odd", { portDefinitions });
      },
    },
    async ({ proxy, port }) => {
      const { services } = await proxy.table();
      assert.deepEqual(services.map(({ app: id }) => id).toSorted(), ["/canary", "/web"]);
      const problems = await proxy.text("/api/problems");
      for (const shown of ["65536", "1.5", "-1"]) {
        assert.ok(problems.includes(shown), `${shown} is not reported: ${problems}`);
      }
      assert.equal(await ask(port), "web");
    },
  );
});

test("of two claims on a port the older one wins, stays, and is not asked again at every look (B04)", async () => {
  await using replica = await TcpReplica.start(named("rival"));
  await onStage({}, async ({ marathon, proxy, port }) => {
    marathon.putApp(app("/a-rival", port));
    place(marathon, "/a-rival", replica.port);
    await eventually(async () => (await proxy.text("/api/problems")).includes("/a-rival"));
    const { version } = await proxy.table();
    const looks = marathon.requests.length;
    for (let round = 0; round < 3; round += 1) {
      proxy.signal("SIGHUP");
      await eventually(() => marathon.requests.length > looks + round);
      assert.equal(await ask(port), "web");
    }
    assert.equal((await proxy.table()).version, version, "no flapping");
    assert.match(await proxy.text("/api/problems"), /already served for \/web/);
  });
});

const occupied = /not forwarded: a replica of \/web listens on it on this host/;

test("a claim on the port of another app's replica costs that app nothing (B04)", async () => {
  await using thief = await TcpReplica.start(named("thief"));
  await onStage({}, async ({ marathon, proxy, port }) => {
    const { replicas } = await proxy.service(port);
    const wanted = Number(replicas[0]?.address.split(":").at(-1));
    marathon.putApp(app("/a-thief", wanted));
    place(marathon, "/a-thief", thief.port);
    await eventually(async () => occupied.test(await proxy.text("/api/problems")));
    assert.equal(await ask(port), "web");
    assert.ok(!/our own listener/.test(await proxy.text("/api/table")));
    marathon.deleteApp("/a-thief");
    await eventually(async () => !occupied.test(await proxy.text("/api/problems")));
  });
});

test("at a start the older one of a replica and a claim on its port stays (B04)", async () => {
  await using web = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", web.port);
  await new Promise((resolve) => setTimeout(resolve, 2));
  marathon.putApp(app("/a-thief", web.port));
  place(marathon, "/a-thief", web.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await eventually(async () => (await ask(port)) === "web");
  assert.match(await proxy.text("/api/problems"), occupied);
});

test("tcp and udp on one number are two services (B05)", async () => {
  await using tcp = await TcpReplica.start(named("tcp"));
  await using udp = await UdpReplica.start(namedDatagram("udp"));
  const port = await freePort();
  await onStage({}, async ({ marathon, proxy }) => {
    for (const protocol of ["tcp", "udp"]) {
      const id = `/both/${protocol}`;
      const portDefinitions = [{ port, protocol, labels: {} }];
      marathon.putApp({ ...app(id, port), portDefinitions, healthChecks: [] });
      place(marathon, id, protocol === "tcp" ? tcp.port : udp.port);
    }
    await eventually(async () => {
      const { services } = await proxy.table();
      return services.filter((one) => one.port === port && one.listening.length > 0).length === 2;
    });
    assert.equal(await ask(port), "tcp");
    const client = createSocket("udp4");
    client.on("error", () => undefined);
    let answered = 0;
    client.on("message", () => (answered += 1));
    client.send("hello", port, "127.0.0.1");
    await eventually(() => answered > 0);
    client.close();
    for (const protocol of ["tcp", "udp"]) marathon.deleteApp(`/both/${protocol}`);
    await eventually(async () => (await proxy.table()).services.length === 2);
  });
});

test("an address that this host does not have is told, and nothing else suffers (B07)", async () => {
  await using marathon = await startMarathon();
  await using replica = await TcpReplica.start(named("web"));
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  const args = ["--marathon", marathon.urls[0] ?? "", "--bind", "127.0.0.1,192.0.2.1"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  const warning = await proxy.logged(/cannot listen on 192\.0\.2\.1/);
  assert.match(String(warning["msg"]), /EADDRNOTAVAIL/);
  await eventually(async () => (await ask(port)) === "web");
});

test("a listener has room for a burst of connections: the kernel's limit, up to 4096 (B10)", async () => {
  await onStage({}, async ({ port }) => {
    const somaxconn = Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
    const table = execFileSync("ss", ["-Hltn", `sport = :${port}`], { encoding: "utf8" });
    const backlog = Number(table.trim().split(/\s+/)[2]);
    assert.equal(backlog, Math.min(somaxconn, 4096), table);
  });
});

test("an app of more ports than there are descriptors takes none from the others, and all heals when it goes", async () => {
  await using replica = await TcpReplica.start(named("late"));
  const ports = new Set<number>();
  while (ports.size < 300) ports.add(await freePort());
  await onStage({ descriptors: 256 }, async ({ marathon, proxy, port }) => {
    const portDefinitions = [...ports].map((one) => ({ port: one, protocol: "tcp", labels: {} }));
    marathon.putApp({ ...app("/greedy", 0), portDefinitions, healthChecks: [] });
    const held = { host: "127.0.0.1", ports: [...ports].map(() => replica.port), health: true };
    marathon.addTask("/greedy", held);
    const open = async (): Promise<number> =>
      (await proxy.table()).services.filter(({ listening }) => listening.length > 0).length;
    // 64 for what is not ours to give, 64 for probes, and a quarter of the rest for connections.
    const most = (256 - 128) * (3 / 4);
    await eventually(async () => (await open()) === most, { what: "every place taken" });
    await proxy.logged(/and 201 more not opened: all 96 ports/);
    assert.equal(await ask(port), "web");
    assert.equal(await proxy.text("/status"), "OK\n");

    const late = await freePort();
    marathon.putApp(app("/late", late));
    place(marathon, "/late", replica.port);
    const subjects = async (): Promise<string> => {
      const problems = await proxy.text("/api/problems");
      return [...problems.matchAll(/"subject": "([^"]*)"/g)].map(([, one]) => one).join();
    };
    await eventually(
      async () => (await subjects()).split(",").toSorted().join() === "/greedy,/late",
    );
    assert.equal(await open(), most);

    marathon.deleteApp("/greedy");
    await eventually(async () => (await open()) === 3);
    assert.equal(await ask(late), "late");
    assert.equal(await subjects(), "");
  });
});
