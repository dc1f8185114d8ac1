import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { NetworkNamespace, noNamespaces } from "../support/network-namespace.ts";
import { Peer } from "../support/peer.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { readSamples } from "../support/samples.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { UdpClient } from "../support/udp-client.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";

/** A service of a file; its replicas are `host:port`. */
interface Listed {
  readonly app: string;
  readonly port: number;
  readonly protocol?: "udp";
  readonly options?: Readonly<Record<string, string>>;
  readonly replicas: readonly string[];
}

const canary = "none: what the cable does, it does to every service behind it";

interface Far {
  readonly network: NetworkNamespace;
  readonly proxy: RunningProxy;
}

/** Plays a story on a proxy at the far end of a cable; clients and replicas are at this end. */
async function farAway(
  prepare: (network: NetworkNamespace) => readonly Listed[],
  story: (far: Far) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  using network = NetworkNamespace.create();
  using folder = new TemporaryFolder();
  folder.replace("services.json", JSON.stringify({ services: prepare(network) }));
  const bind = args.includes("--bind") ? [] : ["--bind", network.inside];
  await using proxy = await RunningProxy.start(
    ["--file", folder.file("services.json"), ...bind, ...args],
    {},
    { within: network.command, statusHost: network.inside, canary },
  );
  await proxy.ready();
  await story({ network, proxy });
  assert.equal(proxy.child.exitCode, null);
  assert.equal(await proxy.metric("portolan_worker_crashes_total"), 0);
}

/** An engine at this end, with replicas at both: a close one on this host, a distant one behind the cable. */
async function serveBoth(
  proxy: EngineFixture,
  port: number,
  replicas: readonly { readonly host: string; readonly port: number }[],
): Promise<void> {
  const route = toRoute(
    port,
    replicas.map((address) => address.port),
  );
  const placed = route.replicas.map((replica, index) => {
    const address = replicas[index] ?? replica.address;
    return { ...replica, address, key: `${address.host}:${address.port}` };
  });
  await proxy.engine.apply([{ kind: "set", route: { ...route, replicas: placed } }]);
}

async function endings(proxy: RunningProxy): Promise<Map<string, number>> {
  const samples = readSamples(await proxy.text("/metrics"));
  const closed = samples.filter(({ name }) => name === "portolan_connections_closed_total");
  return new Map(
    closed
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [labels["reason"] ?? "", value]),
  );
}

const skip = noNamespaces();

suite("a replica behind a cable", { skip }, () => {
  test("a replica that is lost with bytes on the way to it is let go when it has taken none for a while (T20)", async () => {
    using network = NetworkNamespace.create();
    const far = { host: network.inside, within: network.command };
    await using replica = await ReplicaProcess.start("far", "sink", far);
    await using proxy = new EngineFixture({ limits: { writeStallMs: 1000 } });
    const port = await freePort();
    await serveBoth(proxy, port, [{ host: network.inside, port: replica.port }]);
    await using client = await TcpClient.open(port);
    await eventually(() => client.text === "far\n");
    network.pull();
    client.socket.write(Buffer.alloc(16 * 1024 * 1024));
    await eventually(() => client.closed);
    assert.deepEqual(proxy.closed, { "write-stall": 1 });
    assert.ok(proxy.balanced);
  });

  test("a replica that is lost with a few bytes on the way to it is let go after the same while, and whoever said nothing stays (T20)", async () => {
    using network = NetworkNamespace.create();
    const far = { host: network.inside, within: network.command };
    await using replica = await ReplicaProcess.start("far", "sink", far);
    await using proxy = new EngineFixture({ limits: { writeStallMs: 1000 } });
    const port = await freePort();
    await serveBoth(proxy, port, [{ host: network.inside, port: replica.port }]);
    await using quiet = await TcpClient.open(port);
    await using client = await TcpClient.open(port);
    await eventually(() => quiet.text === "far\n" && client.text === "far\n");
    network.pull();
    client.socket.write("are you there?");
    await eventually(() => client.closed);
    assert.deepEqual(proxy.closed, { "write-stall": 1 });
    assert.ok(!quiet.closed);
    assert.ok(proxy.balanced);
  });

  for (const [loss, lose] of [
    ["its cable is pulled", (network: NetworkNamespace) => network.pull()],
    ["it swallows all it gets", (network: NetworkNamespace) => network.swallow()],
  ] as const) {
    test(`a replica's host is lost, ${loss}: new connections go to another one (T14)`, async () => {
      using network = NetworkNamespace.create();
      const far = { host: network.inside, within: network.command };
      await using distant = await ReplicaProcess.start("far", "sink", far);
      await using close = await TcpReplica.start(named("near"));
      await using proxy = new EngineFixture({ limits: { connectTimeoutMs: 300 } });
      const port = await freePort();
      const near = { host: "127.0.0.1", port: close.port };
      await serveBoth(proxy, port, [{ host: network.inside, port: distant.port }, near]);
      const answers = async (count: number): Promise<Set<string>> => {
        const clients = Array.from({ length: count }, () => new TcpClient(port));
        await eventually(() => clients.every(({ text, closed }) => text !== "" || closed));
        const texts = new Set(clients.map(({ text, closed }) => (closed ? "cut" : text)));
        for (const client of clients) await client[Symbol.asyncDispose]();
        return texts;
      };
      assert.deepEqual([...(await answers(10))].toSorted(), ["far\n", "near\n"]);
      lose(network);
      for (let round = 0; round < 5; round += 1) {
        assert.deepEqual([...(await answers(10))], ["near\n"]);
      }
      assert.ok(proxy.retries < 30, `${proxy.retries} connections tried the lost one`);
    });
  }
});

suite("a proxy behind a cable", { skip }, () => {
  test("a bad line garbles nothing and ends no connection (T24)", async (t) => {
    await using replica = await TcpReplica.start(echo, 0, "0.0.0.0");
    const port = await freePort();
    const bytes = 100_000;
    await farAway(
      ({ outside }) => [{ app: "/echo", port, replicas: [`${outside}:${replica.port}`] }],
      async ({ network, proxy }) => {
        t.diagnostic(`the line is spoilt by ${network.spoil()}`);
        const peers = Array.from({ length: 20 }, () => Peer.dial(port, network.inside));
        for (const peer of peers) peer.say(bytes);
        await eventually(() => peers.every(({ heard }) => heard === bytes), { withinMs: 60_000 });
        for (const { socket } of peers) socket.end();
        await eventually(() => peers.every(({ closed }) => closed), { withinMs: 30_000 });
        assert.ok(peers.every(({ garbled, saw }) => !garbled && saw === "end"));
        await eventually(async () => (await endings(proxy)).get("completed") === peers.length);
        assert.deepEqual([...(await endings(proxy)).keys()], ["completed"]);
      },
    );
  });

  test("a datagram that lost a fragment is nobody's, and whole ones are answered (U15)", async () => {
    const port = await freePort();
    await using replica = await UdpReplica.start(namedDatagram("whole"), 0, "0.0.0.0");
    await farAway(
      ({ outside }) => [
        { app: "/udp", port, protocol: "udp", replicas: [`${outside}:${replica.port}`] },
      ],
      async ({ network, proxy }) => {
        network.loseFragments();
        await using client = await UdpClient.open(port, {
          host: network.inside,
          from: network.outside,
        });
        for (let count = 0; count < 50; count += 1) client.send(Buffer.alloc(8000, "x"));
        assert.equal(String(await client.ask("small")), "whole");
        assert.deepEqual(replica.received.map(String), ["small"]);
        assert.equal(await proxy.metric("portolan_udp_sessions_total"), 1);
        const received = { direction: "in" };
        assert.equal(await proxy.metric("portolan_udp_datagrams_total", received), 1);
      },
    );
  });
});

suite("a proxy on a host that has little", { skip }, () => {
  test("without an outgoing port left for a replica, nobody is thought ill, and all goes on when there are some (L03)", async () => {
    await using replica = await TcpReplica.start(named("web"), 0, "0.0.0.0");
    const port = await freePort();
    const outgoing = 20;
    await farAway(
      (network) => {
        network.set("ipv4/ip_local_port_range", `40000 ${40_000 + outgoing - 1}`);
        const replicas = [`${network.outside}:${replica.port}`];
        return [{ app: "/web", port, replicas, options: { check: "tcp" } }];
      },
      async ({ network, proxy }) => {
        const settled = ({ text, closed }: TcpClient): boolean => text === "web\n" || closed;
        const clients = Array.from({ length: 60 }, () => new TcpClient(port, network.inside));
        await eventually(() => clients.every(settled));
        const served = clients.filter(({ text }) => text === "web\n");
        // A probe may have one of the ports, or leave it waiting for its last packets.
        assert.ok(served.length >= outgoing / 2 && served.length <= outgoing, `${served.length}`);
        const refused = (await endings(proxy)).get("out-of-resources");
        assert.equal(refused, clients.length - served.length);
        // Probes find no port either.
        const checks = async (result: string): Promise<number> =>
          (await proxy.metric("portolan_checks_total", { result })) ?? 0;
        await eventually(async () => (await checks("local_error")) >= 3);
        const { replicas } = await proxy.service(port);
        assert.deepEqual(
          replicas.map(({ state }) => state),
          ["up"],
        );
        // Whoever ends first keeps the port for a minute: that must not be the proxy here.
        for (const socket of replica.sockets) socket.end();
        await eventually(() => served.every(({ ended }) => ended));
        for (const client of clients) await client[Symbol.asyncDispose]();
        await using late = await TcpClient.open(port, network.inside);
        await eventually(() => late.text === "web\n");
      },
      ["--check-interval", "200ms", "--check-fast-interval", "200ms"],
    );
  });

  test("a flood of SYNs that nobody goes on with keeps no honest client out (L18)", async () => {
    await using replica = await TcpReplica.start(named("web"), 0, "0.0.0.0");
    const port = await freePort();
    await farAway(
      (network) => {
        // A queue that a small flood fills; cookies take over.
        network.set("core/somaxconn", 16);
        return [{ app: "/web", port, replicas: [`${network.outside}:${replica.port}`] }];
      },
      async ({ network, proxy }) => {
        const honest = network.addOutside(3);
        const lost = "--tcp-flags SYN,ACK SYN,ACK -j DROP".split(" ");
        network.filter("OUTPUT", "-p", "tcp", "-d", network.outside, "--sport", `${port}`, ...lost);
        await using flood = new AsyncDisposableStack();
        for (let count = 0; count < 300; count += 1) {
          flood.use(new TcpClient(port, network.inside));
        }
        await eventually(() => cookiesSent(proxy.pid) > 0);
        for (let count = 0; count < 20; count += 1) {
          const greeting = await greetedFrom(honest, { host: network.inside, port });
          assert.equal(greeting, "web\n");
        }
        assert.equal(await proxy.metric("portolan_service_connections_total"), 20);
      },
    );
  });

  test("an address that comes later is bound then, and what is served stays (B07)", async () => {
    await using replica = await TcpReplica.start(named("web"), 0, "0.0.0.0");
    const port = await freePort();
    using network = NetworkNamespace.create();
    using folder = new TemporaryFolder();
    const later = network.inside.replace(/\d+$/, "9");
    const services = [{ app: "/web", port, replicas: [`${network.outside}:${replica.port}`] }];
    folder.replace("services.json", JSON.stringify({ services }));
    const args = ["--file", folder.file("services.json"), "--bind", `${network.inside},${later}`];
    await using proxy = await RunningProxy.start(
      args,
      {},
      { within: network.command, statusHost: network.inside, canary },
    );
    await proxy.logged(/cannot listen on .*EADDRNOTAVAIL/);
    await using early = await TcpClient.open(port, network.inside);
    await eventually(() => early.text === "web\n");
    network.run("ip", "address", "add", `${later}/24`, "dev", "inside");
    await proxy.service(port, ({ listening }) => listening.length === 2);
    await using late = await TcpClient.open(port, later);
    await eventually(() => late.text === "web\n");
    assert.ok(!early.closed);
  });

  test("without IPv6 and with short queues it serves what it can, and says once what it cannot (L25)", async () => {
    await using replica = await TcpReplica.start(named("web"), 0, "0.0.0.0");
    const port = await freePort();
    const bind: string[] = ["--bind"];
    await farAway(
      (network) => {
        network.set("ipv6/conf/all/disable_ipv6", 1);
        network.set("core/somaxconn", 128);
        bind.push(`${network.inside},::1`);
        return [{ app: "/web", port, replicas: [`${network.outside}:${replica.port}`] }];
      },
      async ({ network, proxy }) => {
        await using client = await TcpClient.open(port, network.inside);
        await eventually(() => client.text === "web\n");
        await proxy.logged(/cannot listen on \[::1\]/);
        const failed = async (): Promise<number> =>
          (await proxy.metric("portolan_listener_bind_errors_total")) ?? 0;
        await eventually(async () => (await failed()) >= 2, { what: "a second attempt" });
        assert.equal(proxy.log.filter(({ msg }) => /cannot listen/.test(String(msg))).length, 1);
      },
      bind,
    );
  });
});

/** SYN cookies sent so far in the network of a process. */
function cookiesSent(pid: number): number {
  const [names = "", values = ""] = readFileSync(`/proc/${pid}/net/netstat`, "utf8").split("\n");
  const column = names.split(" ").indexOf("SyncookiesSent");
  return Number(values.split(" ")[column] ?? 0);
}

/** What a client with this address of its own is greeted with. */
async function greetedFrom(
  localAddress: string,
  to: { readonly host: string; readonly port: number },
): Promise<string> {
  const socket: Socket = connect({ ...to, localAddress });
  let text = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => (text += chunk.toString()));
  await eventually(() => text.endsWith("\n") || socket.destroyed);
  socket.destroy();
  return text;
}
