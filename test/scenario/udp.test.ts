import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { eventually } from "../support/eventually.ts";
import { startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { missing, output, outputOnceReady, Server } from "../support/udp-program.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";

/** An app of one task at `replica`, its service port of this protocol. */
function place(
  marathon: EmbeddedMarathon,
  app: { readonly id: string; readonly port: number; readonly protocol: string },
  replica: number,
): string {
  const { id, port, protocol } = app;
  marathon.putApp({
    id,
    instances: 1,
    networks: [{ mode: "host" }],
    portDefinitions: [{ port, protocol, labels: {} }],
  });
  return marathon.addTask(id, { host: "127.0.0.1", ports: [replica] }).id;
}

async function startProxy(marathon: EmbeddedMarathon): Promise<RunningProxy> {
  const proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  return await proxy.ready();
}

/** Waits until a service port is open for UDP and for TCP, with a replica that is up behind both. */
async function bothListening(proxy: RunningProxy): Promise<void> {
  let seen: unknown;
  const isListening = async (): Promise<boolean> => {
    const { services } = await proxy.table();
    seen = services;
    const areServed = services.every(
      ({ listening, replicas }) => listening.length === 1 && replicas[0]?.state === "up",
    );
    return services.length === 2 && areServed;
  };
  await eventually(isListening, { withinMs: 30_000 }).catch(async (error: unknown) => {
    const problems = await proxy.text("/api/problems");
    throw new Error(`${JSON.stringify(seen)} ${problems}`, { cause: error });
  });
}

test("a UDP service comes from Marathon, follows it, and is in the table and the metrics like any other", async () => {
  await using one = await UdpReplica.start(namedDatagram("one"));
  await using two = await UdpReplica.start(namedDatagram("two"));
  await using marathon = await startMarathon();
  const port = await freePortOfBoth();
  const first = place(marathon, { id: "/game", port, protocol: "udp" }, one.port);
  await using proxy = await startProxy(marathon);
  await proxy.service(port, ({ listening }) => listening.length === 1);
  await using client = await UdpClient.open(port);
  assert.equal(String(await client.ask("who")), "one");
  const [service] = (await proxy.table()).services;
  assert.equal(service?.replicas[0]?.connections, 1, "a session is a connection of its replica");
  assert.deepEqual(service?.listening, [`127.0.0.1:${port}`]);

  marathon.addTask("/game", { host: "127.0.0.1", ports: [two.port] });
  await proxy.service(port, ({ replicas }) => replicas.length === 2);
  assert.equal(String(await client.ask("who")), "one", "the client stays where it is");
  marathon.setTask(first, { state: "TASK_KILLED" });
  await proxy.service(port, ({ replicas }) => replicas.length === 1);
  await eventually(async () => String(await client.ask("who")) === "two");

  assert.equal(await proxy.metric("portolan_udp_sessions_total"), 1);
  assert.equal(await proxy.metric("portolan_udp_sessions_active"), 1);
  assert.equal(await proxy.metric("portolan_udp_dropped_total", { reason: "no-replica" }), 0);
  const received = await proxy.metric("portolan_udp_datagrams_total", { direction: "in" });
  assert.equal(received, client.received.length);
  assert.ok(((await proxy.metric("portolan_udp_receive_buffer_bytes")) ?? 0) > 0);
  assert.equal(await proxy.metric("portolan_listener_up", { protocol: "udp" }), 1);
  assert.equal(
    await proxy.metric("portolan_service_connections_total", { protocol: "udp" }),
    undefined,
  );

  proxy.signal("SIGTERM");
  assert.equal(await proxy.exit(), 0, "sessions do not keep a proxy that drains");
});

test("with few descriptors there are few sessions, and those who have one keep it", async () => {
  await using replica = await UdpReplica.start(namedDatagram("here"));
  await using marathon = await startMarathon();
  const port = await freePortOfBoth();
  place(marathon, { id: "/game", port, protocol: "udp" }, replica.port);
  const args = ["--marathon", marathon.urls[0] ?? ""];
  await using proxy = await RunningProxy.start(args, {}, { descriptors: 256 });
  await proxy.ready();
  await proxy.service(port, ({ listening }) => listening.length === 1);
  await using first = await UdpClient.open(port);
  assert.equal(String(await first.ask("who")), "here");
  await using crowd = new AsyncDisposableStack();
  for (let index = 0; index < 200; index += 1) crowd.use(await UdpClient.open(port)).send("who");
  const refused = { reason: "session-limit" };
  await eventually(
    async () => ((await proxy.metric("portolan_udp_dropped_total", refused)) ?? 0) > 100,
  );
  assert.equal(String(await first.ask("who")), "here");
  assert.ok(((await proxy.metric("portolan_udp_sessions_active")) ?? Infinity) < 64);
  assert.equal(await proxy.metric("portolan_worker_crashes_total"), 0);
});

test(
  "one service port is TCP and UDP at once (B05)",
  { skip: missing("iperf3", "iperf3") },
  async () => {
    const replica = await freePortOfBoth();
    await using _ = new Server("iperf3", ["-s", "-p", `${replica}`, "-B", "127.0.0.1"]);
    await using marathon = await startMarathon();
    const port = await freePortOfBoth();
    place(marathon, { id: "/iperf", port, protocol: "udp,tcp" }, replica);
    await using proxy = await startProxy(marathon);
    await bothListening(proxy);
    const args = [
      "-c",
      "127.0.0.1",
      "-p",
      `${port}`,
      "-u",
      "-b",
      "2M",
      "-l",
      "1000",
      "-t",
      "1",
      "-J",
    ];
    const text = await outputOnceReady("iperf3", args);
    const { lost_packets: lost, packets } = sumOf(text);
    assert.ok(packets >= 100, `${packets} packets`);
    assert.equal(lost, 0);
    const received = await proxy.metric("portolan_udp_datagrams_total", { direction: "in" });
    assert.ok((received ?? 0) >= packets);
  },
);

test(
  "names are looked up through the proxy, by UDP and by TCP",
  { skip: missing("dig", "dnsutils") || missing("dnsmasq", "dnsmasq-base") },
  async () => {
    const replica = await freePortOfBoth();
    await using _ = new Server("dnsmasq", [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--pid-file=",
      "--user=",
      `--port=${replica}`,
      "--listen-address=127.0.0.1",
      "--bind-interfaces",
      "--no-resolv",
      "--no-hosts",
      "--address=/portolan.test/192.0.2.7",
    ]);
    await using marathon = await startMarathon();
    const port = await freePortOfBoth();
    place(marathon, { id: "/dns", port, protocol: "udp,tcp" }, replica);
    await using proxy = await startProxy(marathon);
    await bothListening(proxy);
    const question = [
      "@127.0.0.1",
      "-p",
      `${port}`,
      "www.portolan.test",
      "A",
      "+short",
      "+tries=3",
      "+time=1",
    ];
    assert.equal(await outputOnceReady("dig", question), "192.0.2.7\n");
    assert.equal(await output("dig", [...question, "+tcp"]), "192.0.2.7\n");
    const queries = Array.from({ length: 20 }, () => output("dig", question));
    assert.deepEqual(new Set(await Promise.all(queries)), new Set(["192.0.2.7\n"]));
    assert.ok(
      ((await proxy.metric("portolan_udp_sessions_total")) ?? 0) >= 20,
      "each dig is a client",
    );
  },
);

test(
  "a ping-pong of real programs loses nothing",
  { skip: missing("sockperf", "sockperf") },
  async () => {
    const replica = await freePortOfBoth();
    await using _ = new Server("sockperf", ["server", "-i", "127.0.0.1", "-p", `${replica}`]);
    await using marathon = await startMarathon();
    const port = await freePortOfBoth();
    place(marathon, { id: "/ping", port, protocol: "udp" }, replica);
    await using proxy = await startProxy(marathon);
    await proxy.service(port, ({ listening }) => listening.length === 1);
    const args = ["ping-pong", "-i", "127.0.0.1", "-p", `${port}`, "-t", "1", "--mps", "500"];
    const text = await outputOnceReady("sockperf", args);
    assert.match(
      text,
      /# dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0/,
    );
  },
);

interface Sum {
  readonly lost_packets: number;
  readonly packets: number;
}

/** The sum in the report that iperf3 prints with `-J`. */
function sumOf(text: string): Sum {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program's own format, asserted right below
  const { end } = JSON.parse(text) as { readonly end?: { readonly sum?: Sum } };
  assert.ok(end?.sum !== undefined, text);
  return end.sum;
}
