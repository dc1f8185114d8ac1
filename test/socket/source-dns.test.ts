import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { suite, test } from "node:test";

import { DnsSource, type DnsSourceOptions } from "../../src/discovery/dns/dns-source.ts";
import type { SrvName } from "../../src/discovery/dns/srv-records.ts";
import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { DnsStandIn, type StandInAnswer } from "../support/dns-stand-in.ts";
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

function records(count: number): StandInAnswer {
  return Array.from({ length: count }, (_, index) => ({
    target: "host.test",
    port: 31_000 + index,
  }));
}

testSourceContract("dns", async (): Promise<SourceSetup> => {
  const server = await DnsStandIn.start();
  server.set(web.name, records(1));
  return {
    open: () => dnsSource(server.server),
    hold: (replicas) => server.set(web.name, records(replicas)),
    fail: () => server.set(web.name, "servfail"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

suite("services of DNS", () => {
  test("a change is found at the next look, whatever the TTL says", async () => {
    await using server = await DnsStandIn.start();
    server.set(web.name, records(1));
    const source = dnsSource(server.server, [web], { refreshIntervalMs: 30 });
    await using running = new RunningSource(source);
    await running.have(1);
    server.set(web.name, records(2));
    await eventually(() => running.routes.length === 2);
    assert.equal(source.status().connected, false);
  });

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
    assert.match(problem?.reason ?? "", /ESERVFAIL/);
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
    await eventually(() => server.asked > 0);
    assert.equal(running.states.length, 0);
  });

  const hostile: readonly { name: string; answer: StandInAnswer; reason: RegExp }[] = [
    { name: "a refusal to answer", answer: "servfail", reason: /ESERVFAIL/ },
    { name: "silence", answer: "silence", reason: /ETIMEOUT/ },
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

test("a real dnsmasq", { skip: dnsmasqMissing }, async () => {
  const port = await freePort();
  const args = ["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv"];
  const listen = [
    `--port=${port}`,
    "--listen-address=127.0.0.1",
    "--bind-interfaces",
    "--user=root",
  ];
  const srv = ["a.test,31000,10,60", "b.test,31001,10,30", "c.test,31002,20,0"].map(
    (rest) => `--srv-host=${web.name},${rest}`,
  );
  const server = spawn("dnsmasq", [...args, ...listen, ...srv], { stdio: "ignore" });
  server.on("error", () => {});
  const exited = once(server, "exit");
  try {
    await using running = new RunningSource(dnsSource(`127.0.0.1:${port}`));
    const state = await running.have(1);
    const replicas = state.services[0]?.replicas ?? [];
    assert.deepEqual(
      replicas.map(({ address, weight }) => `${address.host}:${address.port} ${weight}`).toSorted(),
      ["a.test:31000 1000", "b.test:31001 500", "c.test:31002 0"],
    );
  } finally {
    server.kill();
    await exited;
  }
});
