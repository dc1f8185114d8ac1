import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { getuid } from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { noIPv6 } from "../support/no-ipv6.ts";
import { Program } from "../support/program.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

test("a service port that another process has is named with its app, and served once it is free (B01)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  await using squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const bound = squatter.address();
  assert.ok(bound !== null && typeof bound !== "string");
  const other = await freePort();
  marathon.putApp(app("/blocked", bound.port));
  marathon.putApp(app("/other", other));
  place(marathon, "/blocked", replica.port);
  place(marathon, "/other", replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  await using client = await TcpClient.open(other);
  await eventually(() => client.text === "r\n");
  const warning = await proxy.logged(/cannot listen on/);
  assert.match(String(warning["msg"]), /EADDRINUSE, another process has the port/);
  assert.match(String(warning["subject"]), /\/blocked/);
  const refused = { code: "EADDRINUSE" };
  assert.ok(((await proxy.metric("portolan_listener_bind_errors_total", refused)) ?? 0) > 0);
  squatter.close();
  await proxy.service(bound.port, ({ listening }) => listening.length === 1);
  assert.doesNotMatch(await proxy.text("/api/problems"), /bind-failed/);
});

test("a service port that an outgoing connection has is told like one that somebody listens on (B09)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  // The kernel gave it to a connection, as it may to the proxy's own ones where the ranges overlap.
  await using outgoing = await TcpClient.open(replica.port);
  const port = outgoing.socket.localPort ?? 0;
  const other = await freePort();
  marathon.putApp(app("/unlucky", port));
  marathon.putApp(app("/other", other));
  for (const id of ["/unlucky", "/other"]) place(marathon, id, replica.port);
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  await proxy.ready();
  const warning = await proxy.logged(/cannot listen on/);
  assert.match(String(warning["msg"]), /EADDRINUSE, another process has the port/);
  assert.match(String(warning["subject"]), /\/unlucky/);
  const advice = await proxy.logged("the kernel may lend service ports to outgoing connections");
  assert.equal(advice["ports"], String(port));
  assert.match(String(advice["advice"]), /ip_local_reserved_ports/);
  await using client = await TcpClient.open(other);
  await eventually(() => client.text === "r\n");
});

test(
  "a privileged port without the right is explained, the rest is served (B02)",
  { skip: getuid?.() === 0 ? false : "needs root to give up root" },
  async () => {
    await using replica = await TcpReplica.start(named("r"));
    await using marathon = await startMarathon();
    const port = await freePort();
    marathon.putApp(app("/low", 81));
    marathon.putApp(app("/high", port));
    place(marathon, "/high", replica.port);
    await using program = new Program({
      args: ["run", "--marathon", marathon.urls[0] ?? "", "--status-endpoint", "127.0.0.1:0"],
      unprivileged: true,
    });
    const warning = await program.logged(/cannot listen on 127\.0\.0\.1:81/);
    assert.match(String(warning["msg"]), /EACCES.*CAP_NET_BIND_SERVICE/);
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "r\n");
  },
);

test("a status port that is taken ends the program with a reason before it serves anything", async () => {
  await using squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const bound = squatter.address();
  assert.ok(bound !== null && typeof bound !== "string");
  await using program = new Program({
    args: [
      "run",
      "--marathon",
      "http://127.0.0.1:1",
      "--status-endpoint",
      `127.0.0.1:${bound.port}`,
    ],
  });
  assert.equal(await program.exit(), 1);
  assert.match(program.stdout, /EADDRINUSE/);
  squatter.close();
});

test("the port we use ourselves and ports outside the range are refused to apps (B06)", async () => {
  await using marathon = await startMarathon();
  const [own, low, good] = [await freePort(), 999, await freePort()];
  marathon.putApp(app("/own", own));
  marathon.putApp(app("/low", low));
  marathon.putApp(app("/good", good));
  const args = [
    "run",
    "--marathon",
    marathon.urls[0] ?? "",
    "--status-endpoint",
    `127.0.0.1:${own}`,
    "--port-range",
    "1000-65535",
  ];
  await using program = new Program({ args });
  await program.logged(/status port/);
  await program.logged(/outside the allowed range 1000-65535/);
  const added = await program.logged("routing changed");
  assert.match(String(added["changes"]), new RegExp(`^added tcp/${good} /good \\(0 of 0 up\\)$`));
});

for (const bind of ["127.0.0.1,::1", "::1"]) {
  test(`service ports bind where they were told to: ${bind}`, { skip: noIPv6() }, async () => {
    await using replica = await TcpReplica.start(named("r"));
    await using marathon = await startMarathon();
    const port = await freePort();
    marathon.putApp(app("/web", port));
    place(marathon, "/web", replica.port);
    await using proxy = await RunningProxy.start([
      "--marathon",
      marathon.urls[0] ?? "",
      "--bind",
      bind,
    ]);
    await proxy.ready();
    for (const host of bind.split(",")) {
      await using client = await TcpClient.open(port, host);
      await eventually(() => client.text === "r\n");
    }
  });
}

test("two workers share every port, and limits hold over both", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp({
    ...app("/web", port),
    labels: { "portolan.0.replica-limit": "25", "portolan.0.queue-timeout": "1m" },
  });
  place(marathon, "/web", replica.port);
  const args = ["--marathon", marathon.urls[0] ?? "", "--workers", "2", "--bind", "127.0.0.2"];
  await using proxy = await RunningProxy.start(args);
  await proxy.ready();
  const clients = await Promise.all(
    Array.from({ length: 40 }, () => TcpClient.open(port, "127.0.0.2")),
  );
  const served = (): number => clients.filter((client) => client.text === "r\n").length;
  await eventually(() => served() === 25);
  const { replicas } = await proxy.service(
    port,
    (service) => service.replicas[0]?.connections === 25,
  );
  assert.equal(replicas.length, 1);
  for (const client of clients.filter(({ text }) => text !== "").slice(0, 15)) client.socket.end();
  await eventually(() => served() === 40, { what: "the others to be let in" });
  for (const client of clients) await client[Symbol.asyncDispose]();
  await proxy.service(port, (service) => service.replicas[0]?.connections === 0);
});

test("a second portolan with several workers on the same address fails loudly instead of sharing clients", async () => {
  const args = ["--marathon", "http://127.0.0.1:1", "--workers", "2", "--bind", "127.0.0.3"];
  await using first = await RunningProxy.start(args);
  await using second = new Program({ args: ["run", "--status-endpoint", "", ...args] });
  assert.equal(await second.exit(), 1);
  assert.match(second.stdout, /another portolan with shared ports serves on 127\.0\.0\.3/);
  first.signal("SIGKILL");
  await first.exit();
  await using third = await RunningProxy.start(args);
  assert.equal(await third.text("/ping"), "pong\n");
});

test("a second portolan elsewhere, with the gateway's port of the first one, fails loudly as well", async () => {
  const port = await freePort();
  const gateway = [
    "--enable-gateway",
    "--gateway-port-http",
    `${port}`,
    "--gateway-port-https",
    "",
  ];
  const common = ["--marathon", "http://127.0.0.1:1", "--workers", "2", ...gateway];
  await using first = await RunningProxy.start([...common, "--bind", "127.0.0.7"]);
  assert.equal(await first.text("/ping"), "pong\n");
  const elsewhere = ["--status-endpoint", "", ...common, "--bind", "127.0.0.8"];
  await using second = new Program({ args: ["run", ...elsewhere] });
  assert.equal(await second.exit(), 1);
  assert.match(
    second.stdout,
    new RegExp(`another portolan with shared ports serves on [^ ]*, port tcp/${port}:`),
  );
});

test("a second portolan with one worker reports every port that the first one has", async () => {
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  const args = ["--marathon", marathon.urls[0] ?? ""];
  await using first = await RunningProxy.start(args);
  await first.ready();
  await using second = await RunningProxy.start(args);
  await second.logged(/cannot listen on .*EADDRINUSE, another process has the port/);
});

test("connections are limited below the descriptors there are, and the rest of the program keeps its own (L01)", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", replica.port);
  await using proxy = await RunningProxy.start(
    ["--marathon", marathon.urls[0] ?? ""],
    {},
    { descriptors: 1024, canary: "none: clients of any service are reset at the limit" },
  );
  await proxy.ready();
  const budget = Math.floor((1024 - 128 - 1) / 2);
  const clients = Array.from({ length: 2000 }, () => new TcpClient(port));
  await eventually(() => clients.every((client) => client.text === "r\n" || client.closed), {
    withinMs: 30_000,
  });
  const served = clients.filter((client) => client.text === "r\n");
  assert.equal(served.length, budget);
  assert.ok(
    clients.every((client) => client.text === "r\n" || client.error?.code === "ECONNRESET"),
  );
  assert.equal(await proxy.text("/ping"), "pong\n");
  const counted = await proxy.metric("portolan_service_connections_rejected_total", {
    reason: "max_connections",
  });
  assert.equal(counted, clients.length - budget);
  // It is the process that has no room, not the service: an operator can tell.
  assert.equal(await proxy.metric("portolan_connections_limit"), budget);
  assert.equal(await proxy.metric("portolan_connections_active"), budget);
  assert.equal(
    await proxy.metric("portolan_connections_over_limit_total"),
    clients.length - budget,
  );
  await proxy.logged(/all \d+ connections that the limit of descriptors allows are in use/);
  assert.match(await proxy.text("/api/problems"), /"limit-reached"/);
  for (const client of clients) await client[Symbol.asyncDispose]();
  await eventually(async () => {
    await using again = new TcpClient(port);
    await eventually(() => again.closed || again.text === "r\n");
    return again.text === "r\n";
  });
});
