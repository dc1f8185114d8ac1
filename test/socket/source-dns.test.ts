import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { suite, test } from "node:test";

import { DnsSource, type DnsSourceOptions } from "../../src/discovery/dns/dns-source.ts";
import type { SrvName } from "../../src/discovery/dns/srv-records.ts";
import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { DnsStandIn, type StandInAnswer, type StandInRecord } from "../support/dns-stand-in.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { RunningSource } from "../support/running-source.ts";
import { steady } from "../support/steady.ts";

const web: SrvName = { name: "_web._tcp.test", port: 80, protocol: "tcp" };
const game: SrvName = { name: "_game._udp.test", port: 90, protocol: "udp" };

function dnsSource(
  server: string,
  names: readonly SrvName[] = [web],
  options: Partial<DnsSourceOptions> = {},
): DnsSource {
  const times = { refreshIntervalMs: 600_000, timeoutMs: 300 };
  return new DnsSource({ names, servers: [server], ...times, ...steady(), ...options });
}

function records(count: number, ttl = 3600): readonly StandInRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    target: "host.test",
    port: 31_000 + index,
    ttl,
  }));
}

testSourceContract("dns", async (): Promise<SourceSetup> => {
  const server = await DnsStandIn.start();
  server.set(web.name, records(1));
  return {
    open: () => dnsSource(server.server),
    hold: (replicas) => server.set(web.name, records(replicas)),
    holdWithFault: (replicas) =>
      server.set(web.name, [...records(replicas), { target: "host.test", port: 0 }]),
    fail: () => server.set(web.name, "servfail"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

suite("how long answers of DNS are good", () => {
  test("a change is found when the TTL is over, however seldom everything is looked at", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, records(1, 1));
    server.set(game.name, records(1));
    const source = dnsSource(server.server, [web, game]);
    await using running = new RunningSource(source);
    await running.have(1);
    server.set(web.name, records(2, 1));
    server.set(game.name, records(3));
    await eventually(() => running.routes.length === 3);
    assert.equal(server.asked.filter((asked) => asked.startsWith(game.name)).length, 1);
    assert.equal(source.status().connected, false);
  });

  test("a TTL of nothing makes no storm, and a long one is not waited for beyond the interval", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, records(1, 0));
    await using running = new RunningSource(dnsSource(server.server));
    await running.have(1);
    const begunAt = performance.now();
    await running.have(3);
    assert.ok(performance.now() - begunAt >= 1500);
    server.set(game.name, records(1));
    const often = dnsSource(server.server, [game], { refreshIntervalMs: 30 });
    await using other = new RunningSource(often);
    await other.have(1);
    server.set(game.name, records(2));
    await eventually(() => other.routes.length === 2);
  });

  test("a name that does not exist is asked for again when its absence is no longer good", async () => {
    await using server = await DnsStandIn.start();
    server.absenceTtl = 1;
    await using running = new RunningSource(dnsSource(server.server));
    await running.have(1);
    server.set(web.name, records(1));
    await eventually(() => running.routes.length === 1);
  });

  for (const isSentAlong of [true, false])
    test(`targets are dialled at their addresses, ${isSentAlong ? "sent along" : "asked for"}, as long as these are good`, async () => {
      await using server = await DnsStandIn.start();
      server.set(web.name, records(1, 1));
      server.address("host.test", ["10.0.0.1", "10.0.0.2"], { ttl: 1, isSentAlong });
      await using running = new RunningSource(dnsSource(server.server));
      await running.have(1);
      assert.deepEqual(running.routes, [`${web.name}:80 10.0.0.1:31000 up`]);
      const [replica] = running.last?.services[0]?.replicas ?? [];
      assert.deepEqual(
        [replica?.host, replica?.task],
        ["host.test", `${web.name}/host.test:31000`],
      );
      // The one that is in use stays while it is listed.
      server.address("host.test", ["10.0.0.3", "10.0.0.1"], { ttl: 1, isSentAlong });
      await running.have(running.states.length + 1);
      assert.deepEqual(running.routes, [`${web.name}:80 10.0.0.1:31000 up`]);
      server.address("host.test", ["10.0.0.4"], { ttl: 1, isSentAlong });
      await eventually(() => running.routes[0] === `${web.name}:80 10.0.0.4:31000 up`);
    });

  test("a server that knows no options is asked without them", async () => {
    await using server = await DnsStandIn.start();
    server.isOld = true;
    server.set(web.name, records(1));
    await using running = new RunningSource(dnsSource(server.server));
    await running.have(1);
    assert.equal(running.routes.length, 1);
  });

  test("the next server is asked when one does not answer", async () => {
    await using silent = await DnsStandIn.start();
    silent.set(web.name, "silence");
    await using server = await DnsStandIn.start();
    server.set(web.name, records(1));
    const servers = [silent.server, server.server];
    await using running = new RunningSource(dnsSource("", [web], { servers }));
    await running.have(1);
    assert.equal(running.routes.length, 1);
  });
});

suite("services of DNS", () => {
  test("a name that exists no more has no replicas, and its service stays", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, records(2));
    const source = dnsSource(server.server);
    await using running = new RunningSource(source);
    await running.have(1);
    server.set(web.name, "nxdomain");
    source.resync();
    const state = await running.have(2);
    assert.deepEqual(
      state.services.map(({ app, replicas }) => [app, replicas.length]),
      [[web.name, 0]],
    );
  });

  test("of several names one that fails keeps what was known of it", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, records(1));
    server.set(game.name, records(1));
    const source = dnsSource(server.server, [web, game]);
    await using running = new RunningSource(source);
    await running.have(1);
    server.set(web.name, "servfail");
    server.set(game.name, records(2));
    source.resync();
    await eventually(() => running.routes.length === 3);
    const [problem] = running.last?.problems ?? [];
    assert.deepEqual([problem?.kind, problem?.subject], ["unresolved-host", web.name]);
    assert.match(problem?.reason ?? "", /SERVFAIL/);
  });

  test("of several names one that never answers holds up none of the others", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, "silence");
    server.set(game.name, records(1));
    await using running = new RunningSource(dnsSource(server.server, [web, game]));
    await running.have(1);
    assert.deepEqual(running.routes, [`${game.name}:90 host.test:31000 up`]);
  });

  test("the abort ends a query that nobody answers", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, "silence");
    const source = dnsSource(server.server, [web], { timeoutMs: 60_000 });
    await using running = new RunningSource(source);
    await eventually(() => server.asked.length > 0);
    assert.equal(running.states.length, 0);
  });

  const hostile: readonly { name: string; answer: StandInAnswer; reason: RegExp }[] = [
    { name: "a refusal to answer", answer: "servfail", reason: /SERVFAIL/ },
    { name: "silence", answer: "silence", reason: /no answer from/ },
    { name: "no DNS", answer: Buffer.from("HTTP/1.1 400"), reason: /_web/ },
    { name: "an empty packet", answer: Buffer.alloc(0), reason: /_web/ },
    {
      name: "a count of records that are not there",
      answer: Buffer.from("8180000000ff00000000", "hex"),
      reason: /_web/,
    },
  ];
  for (const { name, answer, reason } of hostile) {
    test(`${name}: what is known stays, the reason is told`, async () => {
      await using server = await DnsStandIn.start();
      server.set(web.name, records(1));
      const source = dnsSource(server.server);
      await using running = new RunningSource(source);
      await running.have(1);
      server.set(web.name, answer);
      source.resync();
      await eventually(() => source.status().failures > 0);
      assert.match(source.status().lastError ?? "", reason);
      assert.equal(running.states.length, 1);
    });
  }
});

const dnsmasqMissing: string | false =
  spawnSync("dnsmasq", ["--version"]).status === 0 ? false : "needs Debian's package dnsmasq-base";

/** Plays a story on a dnsmasq that has these SRV records of `web`: `target,port,priority,weight`. */
async function withDnsmasq(
  listed: readonly string[],
  story: (server: string) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const args = ["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv"];
  const listen = [
    `--port=${port}`,
    "--listen-address=127.0.0.1",
    "--bind-interfaces",
    "--user=root",
  ];
  const srv = listed.map((rest) => `--srv-host=${web.name},${rest}`);
  const address = ["--host-record=a.test,10.0.0.1,7", "--host-record=b.test,::7,7"];
  const server = spawn("dnsmasq", [...args, ...listen, ...srv, ...address], { stdio: "ignore" });
  server.on("error", () => {});
  const exited = once(server, "exit");
  try {
    await story(`127.0.0.1:${port}`);
  } finally {
    server.kill();
    await exited;
  }
}

test(
  "a real dnsmasq: weights, priorities, and addresses of both families",
  { skip: dnsmasqMissing },
  async () => {
    const srv = ["a.test,31000,10,60", "b.test,31001,10,30", "c.test,31002,20,0"];
    await withDnsmasq(srv, async (server) => {
      await using running = new RunningSource(dnsSource(server));
      const state = await running.have(1);
      const replicas = state.services[0]?.replicas ?? [];
      assert.deepEqual(
        replicas
          .map(({ host, address, weight, standby = 0 }) =>
            [host, address.host, address.port, weight, standby].join(" "),
          )
          .toSorted(),
        ["a.test 10.0.0.1 31000 1000 0", "b.test ::7 31001 500 0", "c.test c.test 31002 500 1"],
      );
    });
  },
);

test("a real dnsmasq: more records than a datagram holds", { skip: dnsmasqMissing }, async () => {
  const srv = Array.from({ length: 200 }, (_, index) => `a.test,${31_000 + index},0,0`);
  await withDnsmasq(srv, async (server) => {
    await using running = new RunningSource(dnsSource(server));
    await running.have(1);
    assert.equal(running.routes.length, 200);
  });
});
