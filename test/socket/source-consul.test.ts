import assert from "node:assert/strict";
import { suite, test } from "node:test";

import {
  ConsulSource,
  type ConsulSourceOptions,
} from "../../src/discovery/consul/consul-source.ts";
import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { ConsulStandIn } from "../support/consul-stand-in.ts";
import type { StandInInstance } from "../support/consul-store.ts";
import { eventually } from "../support/eventually.ts";
import { RunningSource } from "../support/running-source.ts";
import { sendJson, type Answer } from "../support/scripted-server.ts";
import { steady } from "../support/steady.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

function consulSource(url: URL, options: Partial<ConsulSourceOptions> = {}): ConsulSource {
  return new ConsulSource({ url, refreshIntervalMs: 600_000, ...steady(), ...options });
}

function instances(count: number): StandInInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `a-${index}`,
    address: "127.0.0.1",
    port: 31_000 + index,
    meta: { "portolan-port": "80" },
    checks: { [`service:a-${index}`]: "passing" },
  }));
}

function withoutChecks(count: number): StandInInstance[] {
  return instances(count).map((instance) => ({ ...instance, checks: {} }));
}

testSourceContract("consul", async (): Promise<SourceSetup> => {
  const consul = await ConsulStandIn.start();
  consul.set("a", instances(1));
  return {
    open: () => consulSource(consul.url),
    hold: (replicas) => {
      consul.override = undefined;
      consul.set("a", instances(replicas));
    },
    holdWithFault: (replicas) => {
      consul.override = undefined;
      const bad = { id: "bad", port: 1, meta: { "portolan-port": "80x" } };
      consul.set("a", [...instances(replicas), bad]);
    },
    fail: () => {
      consul.override = (_request, response) =>
        sendJson(response, "No cluster leader", { status: 500 });
    },
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  };
});

suite("services of Consul", () => {
  test("a registration, a check and a deregistration are each heard of, without polling", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(1));
    const source = consulSource(consul.url);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.deepEqual(running.routes, ["a:80 127.0.0.1:31000 up"]);
    await eventually(() => consul.blocked === 2);
    assert.equal(source.status().connected, true);
    consul.set("a", instances(2));
    await eventually(() => running.routes.length === 2);
    consul.check("a", "a-0", { ttl: "critical" });
    await eventually(() => running.routes.includes("a:80 127.0.0.1:31000 down"));
    consul.set("a", []);
    await eventually(() => running.routes.length === 0);
    assert.equal(source.status().failures, 0);
    assert.ok(source.status().events >= 3);
  });

  test("a change of one service's check reads that service and no other", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(2));
    consul.set("b", instances(1));
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    const before = consul.asked.length;
    consul.check("b", "a-0", { ttl: "critical" });
    await eventually(() => running.routes.includes("b:80 127.0.0.1:31000 down"));
    const asked = consul.asked.slice(before).filter((path) => path.includes("/health/service/"));
    assert.deepEqual(asked, ["/v1/health/service/b?"]);
  });

  test("an instance without checks is seen by reading services that declare a port, and no others", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", withoutChecks(1));
    for (let other = 0; other < 50; other += 1)
      consul.set(`other-${other}`, [{ id: "o", port: 1 }]);
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    for (const count of [2, 4, 1]) {
      const before = consul.asked.length;
      consul.set("a", withoutChecks(count));
      await eventually(() => running.routes.length === count);
      const asked = consul.asked.slice(before).filter((path) => path.includes("/health/service/"));
      assert.deepEqual(new Set(asked), new Set(["/v1/health/service/a?"]));
    }
  });

  test("of more services that declare a port than one look reads, each is read", async () => {
    await using consul = await ConsulStandIn.start();
    const declaring = (port: number): StandInInstance[] => [
      { id: "x", address: "127.0.0.1", port, meta: { "portolan-port": "80" } },
    ];
    const names = Array.from({ length: 250 }, (_, index) => `a-${index}`);
    for (const name of names) consul.set(name, declaring(1));
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    for (const name of names) consul.set(name, declaring(2));
    await eventually(() => running.routes.filter((route) => route.includes(":2 ")).length === 250);
  });

  test("a service that begins to declare a port by meta alone is found a while later", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("b", [{ id: "x", port: 9 }]);
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    consul.set("b", [{ id: "x", address: "127.0.0.1", port: 9, meta: { "portolan-port": "81" } }]);
    await eventually(() => running.routes.includes("b:81 127.0.0.1:9 up"));
  });

  test("a node that fails takes its instances down", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", [
      { ...instances(1)[0], id: "x", node: "n1", port: 1, meta: { "portolan-port": "80" } },
      { ...instances(1)[0], id: "y", node: "n2", port: 2, meta: { "portolan-port": "80" } },
    ]);
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    consul.checkNode("n1", { serfHealth: "critical" });
    await eventually(() => running.routes.includes("a:80 127.0.0.1:1 down"));
    assert.ok(running.routes.includes("a:80 127.0.0.1:2 up"));
  });

  test("an index that goes back is a new store: everything is read, and later changes are heard", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(1));
    const source = consulSource(consul.url);
    await using running = new RunningSource(source);
    await eventually(() => consul.blocked === 2);
    const { length } = running.states;
    consul.goBack();
    await eventually(() => running.states.length > length && consul.blocked === 2);
    consul.set("a", instances(3));
    await eventually(() => running.routes.length === 3);
    assert.equal(source.status().failures, 0);
  });
});

suite("what Consul announces as gone", () => {
  const gone = (running: RunningSource): readonly string[] =>
    [...(running.last?.confirmedGone ?? ["no state"])].toSorted();

  for (const [name, make] of [
    ["with checks", instances],
    ["without", withoutChecks],
  ] as const) {
    test(`instances ${name} that were deregistered, also the last, until they are back`, async () => {
      await using consul = await ConsulStandIn.start();
      consul.set("a", make(3));
      await using running = new RunningSource(consulSource(consul.url));
      await running.have(1);
      await eventually(() => consul.blocked === 2);
      consul.set("a", make(1));
      await eventually(() => running.routes.length === 1);
      assert.deepEqual(gone(running), ["agent/a-1", "agent/a-2"]);
      consul.set("a", []);
      await eventually(() => running.routes.length === 0);
      assert.deepEqual(gone(running), ["agent/a-0", "agent/a-1", "agent/a-2"]);
      consul.set("a", make(2));
      await eventually(() => running.routes.length === 2);
      assert.deepEqual(gone(running), ["agent/a-2"]);
    });
  }

  test("nothing that another store, which has begun anew, does not have", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(2));
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    consul.goBack({ isEmpty: true });
    await eventually(() => running.routes.length === 0);
    consul.set("b", instances(1));
    await eventually(() => running.routes.length === 1);
    assert.ok(running.states.every(({ confirmedGone }) => confirmedGone.size <= 1));
    assert.ok(!gone(running).includes("agent/a-1"));
  });

  test("nothing that access rules keep from us", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(2));
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    await eventually(() => consul.blocked === 2);
    consul.hide("a");
    consul.set("b", instances(1));
    await eventually(() => running.routes.join().startsWith("b:80"));
    assert.deepEqual(gone(running), []);
  });

  test("nothing that a server that lags behind does not know yet", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(2));
    const source = consulSource(consul.url, { stale: true });
    await using running = new RunningSource(source);
    await eventually(() => running.routes.length === 2);
    consul.lagBehind(1);
    source.resync();
    await eventually(() => running.routes.length === 0);
    assert.deepEqual(gone(running), []);
    consul.catchUp();
    await eventually(() => running.routes.length === 2);
    consul.set("a", instances(1));
    await eventually(() => running.routes.length === 1);
    assert.deepEqual(gone(running), ["agent/a-1"]);
  });
});

suite("how Consul is asked", () => {
  test("a wait that is over without news is begun again", async () => {
    await using consul = await ConsulStandIn.start();
    consul.longestWaitMs = 20;
    consul.set("a", instances(1));
    const source = consulSource(consul.url);
    await using running = new RunningSource(source);
    const queries = (): number => consul.asked.filter((path) => path.includes("index=")).length;
    await eventually(() => queries() >= 4);
    assert.deepEqual([running.states.length, source.status().events], [1, 0]);
    consul.set("a", instances(2));
    await eventually(() => running.routes.length === 2);
  });

  test("blocking queries that do not block make no storm", async () => {
    await using consul = await ConsulStandIn.start();
    let asked = 0;
    consul.override = (request, response) => {
      asked += 1;
      const isCatalog = request.url?.includes("catalog") === true;
      sendJson(response, isCatalog ? {} : [], { headers: { "x-consul-index": "0" } });
    };
    await using running = new RunningSource(consulSource(consul.url));
    await running.have(1);
    const begunAt = performance.now();
    await eventually(() => asked >= 8, { withinMs: 20_000 });
    // Two reads, then two queries at once and two more after a second.
    assert.ok(performance.now() - begunAt >= 1500);
  });

  test("only instances with all the tags are taken", async () => {
    await using consul = await ConsulStandIn.start();
    const meta = { "portolan-port": "80" };
    consul.set("a", [
      { id: "x", port: 1, meta, tags: ["live", "eu"] },
      { id: "y", port: 2, meta, tags: ["live"] },
    ]);
    consul.set("b", [{ id: "z", port: 3, meta, tags: ["eu"] }]);
    await using running = new RunningSource(consulSource(consul.url, { tags: ["live", "eu"] }));
    await running.have(1);
    assert.deepEqual(running.routes, ["a:80 10.0.0.1:1 up"]);
    assert.ok(!consul.asked.some((path) => path.includes("/service/b")));
  });

  test("the token is read anew each time; datacenter, stale reads and mount are asked for", async () => {
    using folder = new TemporaryFolder();
    folder.replace("token", "first\n");
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(1));
    const options = { tokenFile: folder.file("token"), datacenter: "dc 2", stale: true };
    const source = consulSource(consul.url, options);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.ok(consul.tokens.every((token) => token === "first"));
    assert.ok(consul.asked.every((path) => path.includes("?dc=dc+2&stale=")));
    folder.replace("token", "second");
    source.resync();
    await eventually(() => consul.tokens.includes("second"));
    await eventually(() => consul.blocked === 2);
    folder.replace("token", "");
    source.resync();
    await eventually(() => source.status().failures > 0);
    assert.match(source.status().lastError ?? "", /credentials: the token file is empty/);
    const mounted = consulSource(new URL("/consul/", consul.url));
    await using other = new RunningSource(mounted);
    await eventually(() => mounted.status().failures > 0);
    assert.equal(other.states.length, 0);
    assert.ok(consul.asked.some((path) => path.startsWith("/consul/v1/catalog/services")));
  });

  test("stale reads are confirmed once more after a change", async () => {
    await using consul = await ConsulStandIn.start();
    consul.set("a", instances(1));
    await using running = new RunningSource(consulSource(consul.url, { stale: true }));
    await eventually(() => consul.blocked === 2);
    const { length } = running.states;
    consul.stir();
    await eventually(() => running.states.length === length + 2);
  });

  test("a URL that is not Consul's is refused", () => {
    assert.throws(() => consulSource(new URL("consul://h:1")), TypeError);
    assert.throws(() => consulSource(new URL("http://user:secret@h:1")), TypeError);
  });
});

interface Hostile {
  readonly name: string;
  readonly answer: Answer;
  readonly reason: RegExp;
}

const index = { headers: { "x-consul-index": "7" } };
/** The catalog is good, and all that follows is this. */
const afterCatalog =
  (document: unknown, path: string): Answer =>
  (request, response) => {
    if (request.url?.startsWith("/v1/catalog") === true) sendJson(response, { a: [] }, index);
    else sendJson(response, request.url?.startsWith(path) === true ? document : [], index);
  };

const hostile: readonly Hostile[] = [
  {
    name: "500",
    answer: (_request, response) => sendJson(response, "No cluster leader", { status: 500 }),
    reason: /http 500 "No cluster leader"/,
  },
  {
    name: "403",
    answer: (_request, response) => sendJson(response, "ACL not found", { status: 403 }),
    reason: /auth: http 403/,
  },
  {
    name: "429",
    answer: (_request, response) => sendJson(response, {}, { status: 429 }),
    reason: /429/,
  },
  {
    name: "no index",
    answer: (_request, response) => sendJson(response, {}),
    reason: /X-Consul-Index/,
  },
  {
    name: "an index that is none",
    answer: (_request, response) => sendJson(response, {}, { headers: { "x-consul-index": "-1" } }),
    reason: /X-Consul-Index/,
  },
  {
    name: "a server without a leader",
    answer: (_request, response) =>
      sendJson(response, {}, { headers: { ...index.headers, "x-consul-knownleader": "false" } }),
    reason: /no leader/,
  },
  {
    name: "a catalog that is a list",
    answer: (_request, response) => sendJson(response, [], index),
    reason: /no catalog/,
  },
  {
    name: "a catalog that is null",
    answer: (_request, response) => sendJson(response, null, index),
    reason: /no catalog/,
  },
  {
    name: "checks that are an object",
    answer: afterCatalog({}, "/v1/health/state"),
    reason: /no list of checks/,
  },
  {
    name: "instances that are null",
    answer: afterCatalog(null, "/v1/health/service"),
    reason: /no list of instances/,
  },
  {
    name: "HTML",
    answer: (_request, response) => {
      response.writeHead(200, { "content-length": 6, "x-consul-index": "7" });
      response.end("<html>");
    },
    reason: /not-json/,
  },
];

suite("an answer of Consul that must not be believed", () => {
  for (const { name, answer, reason } of hostile) {
    test(`${name}: what is known stays, the reason is told`, async () => {
      await using consul = await ConsulStandIn.start();
      consul.set("a", instances(1));
      const source = consulSource(consul.url);
      await using running = new RunningSource(source);
      await running.have(1);
      consul.override = answer;
      source.resync();
      await eventually(() => source.status().failures > 0);
      assert.match(source.status().lastError ?? "", reason);
      assert.ok(running.states.every(({ services }) => services.length === 1));
    });
  }
});
