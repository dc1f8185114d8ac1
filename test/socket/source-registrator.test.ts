import assert from "node:assert/strict";
import http from "node:http";
import { suite, test } from "node:test";

import {
  RegistratorSource,
  type RegistratorSourceOptions,
} from "../../src/discovery/registrator/registrator-source.ts";
import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { Etcd, etcdMissing } from "../support/etcd.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { RunningSource } from "../support/running-source.ts";
import { ScriptedServer, sendJson, type Answer } from "../support/scripted-server.ts";
import { steady } from "../support/steady.ts";

function registratorSource(
  url: string,
  options: Partial<RegistratorSourceOptions> = {},
): RegistratorSource {
  return new RegistratorSource({ url, refreshIntervalMs: 600_000, ...steady(), ...options });
}

const prefix = "/services";
const node = (index: number): string => `a/agent:box-${index}:80`;
const port = (index: number): number => 31_000 + index;

function folder(replicas: number, ...bad: readonly string[]): unknown {
  const nodes = Array.from({ length: replicas }, (_, index) => ({
    key: `${prefix}/${node(index)}`,
    value: `127.0.0.1:${port(index)}`,
    createdIndex: index + 1,
  }));
  const others = bad.map((key) => ({ key: `${prefix}/${key}`, value: "127.0.0.1:1" }));
  const services = [{ key: `${prefix}/a`, dir: true, nodes }, ...others];
  return { action: "get", node: { key: prefix, dir: true, nodes: services } };
}

const at = (index: number): { headers: Record<string, string> } => ({
  headers: { "x-etcd-index": String(index) },
});

/** Reads are answered so; watches hang. */
function onRead(answer: Answer): Answer {
  return (request, response) => {
    if (request.url?.includes("wait=true") === true) response.flushHeaders();
    else answer(request, response);
  };
}

const holding = (replicas: number, ...bad: readonly string[]): Answer =>
  onRead((_request, response) => sendJson(response, folder(replicas, ...bad), at(7)));

testSourceContract("registrator", async (): Promise<SourceSetup> => {
  const server = await ScriptedServer.start(holding(1));
  return {
    open: () => registratorSource(`etcd://127.0.0.1:${server.port}${prefix}`),
    hold: (replicas) => server.answer(holding(replicas)),
    holdWithFault: (replicas) => server.answer(holding(replicas, "bad")),
    fail: () => server.answer((_request, response) => sendJson(response, {}, { status: 503 })),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

/** The JSON gateway of version 3: ranges are answered with these keys, watches hang. */
const holding3 = (keys: readonly string[]): Answer => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const kvs = keys.map((key, index) => ({
    key: base64(`${prefix}/${key}`),
    value: base64(`127.0.0.1:${port(index)}`),
    create_revision: String(index + 1),
  }));
  return (request, response) => {
    if (request.url === "/v3/watch") response.flushHeaders();
    else sendJson(response, { header: { revision: "7" }, kvs });
  };
};

testSourceContract("registrator by etcd 3", async (): Promise<SourceSetup> => {
  const keys = (replicas: number): string[] =>
    Array.from({ length: replicas }, (_, index) => node(index));
  const server = await ScriptedServer.start(holding3(keys(1)));
  return {
    open: () => registratorSource(`etcd3://127.0.0.1:${server.port}${prefix}`),
    hold: (replicas) => server.answer(holding3(keys(replicas))),
    holdWithFault: (replicas) => server.answer(holding3([...keys(replicas), "bad"])),
    fail: () => server.answer((_request, response) => sendJson(response, {}, { status: 503 })),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

for (const version of ["etcd", "etcd3"] as const) {
  suite(`a real etcd by ${version}://`, { skip: etcdMissing }, () => {
    const set = (etcd: Etcd, key: string, value: string): Promise<void> =>
      version === "etcd" ? etcd.set(prefix + key, value) : etcd.set3(prefix + key, value);
    const remove = (etcd: Etcd, key: string): Promise<void> =>
      version === "etcd" ? etcd.delete(prefix + key) : etcd.delete3(prefix + key);

    test("keys come, change and go", async () => {
      await using etcd = await Etcd.start();
      await set(etcd, "/web/agent-1:web-1:8080", "10.0.0.1:31001");
      await set(etcd, "/dns.@53/agent-1:dns-1:5353:udp", "10.0.0.1:31002");
      const source = registratorSource(`${version}://127.0.0.1:${etcd.port}${prefix}`);
      await using running = new RunningSource(source);
      await running.have(1);
      assert.deepEqual(running.routes, ["dns:53 10.0.0.1:31002 up", "web:8080 10.0.0.1:31001 up"]);
      await set(etcd, "/web/agent-2:web-2:8080", "10.0.0.2:31001");
      await eventually(() => running.routes.length === 3);
      await set(etcd, "/web/agent-2:web-2:8080", "10.0.0.2:31009");
      await eventually(() => running.routes.includes("web:8080 10.0.0.2:31009 up"));
      await remove(etcd, "/web/agent-1:web-1:8080");
      await eventually(() => running.routes.length === 2);
      const { connected, events, failures, endpoint } = source.status();
      assert.deepEqual([connected, failures], [true, 0]);
      assert.ok(events >= 3);
      assert.equal(endpoint, `${version}://127.0.0.1:${etcd.port}${prefix}`);
    });

    test("whatever is deleted was announced, also many keys in one burst", async () => {
      await using etcd = await Etcd.start();
      const keys = ["/web/h:c1:80", "/web/h:c2:80", "/web/h:c3:80", "/db/h:c4:81", "/db/h:c5:81"];
      for (const key of keys) await set(etcd, key, "10.0.0.1:31001");
      const source = registratorSource(`${version}://127.0.0.1:${etcd.port}${prefix}`);
      await using running = new RunningSource(source);
      await eventually(() => source.status().connected);
      for (const key of keys) await remove(etcd, key);
      await eventually(() => running.routes.length === 0);
      assert.deepEqual(
        [...(running.last?.confirmedGone ?? [])].toSorted(),
        keys.map((key) => key.slice(1)).toSorted(),
      );
      await set(etcd, "/web/h:c1:80", "10.0.0.1:31001");
      await eventually(() => running.routes.length === 1);
      assert.equal(running.last?.confirmedGone.has("web/h:c1:80"), false);
    });

    test("nothing registered yet is a state, and the first key is seen", async () => {
      await using etcd = await Etcd.start();
      const source = registratorSource(`${version}://127.0.0.1:${etcd.port}${prefix}`);
      await using running = new RunningSource(source);
      await running.have(1);
      assert.deepEqual(running.routes, []);
      await eventually(() => source.status().connected);
      await set(etcd, "/web/agent-1:web-1:8080", "10.0.0.1:31001");
      await eventually(() => running.routes.length === 1);
    });

    test("keys beside the prefix are none of ours", async () => {
      await using etcd = await Etcd.start();
      await set(etcd, "/a/h:c:1", "10.0.0.1:1");
      await set(etcd, "-other/a/h:c:2", "10.0.0.1:2");
      const source = registratorSource(`${version}://127.0.0.1:${etcd.port}${prefix}/`);
      await using running = new RunningSource(source);
      await running.have(1);
      assert.deepEqual(running.routes, ["a:1 10.0.0.1:1 up"]);
    });

    test("its restart costs nothing that is known", async () => {
      await using etcd = await Etcd.start();
      await set(etcd, "/a/h:c:1", "10.0.0.1:1");
      const source = registratorSource(`${version}://127.0.0.1:${etcd.port}${prefix}`);
      await using running = new RunningSource(source);
      await eventually(() => source.status().connected);
      await etcd.stop();
      await eventually(() => !source.status().connected && source.status().failures > 0);
      await etcd.restart();
      await set(etcd, "/a/h:c2:1", "10.0.0.1:2");
      await eventually(() => running.routes.length === 2);
      assert.ok(running.states.every(({ services }) => services.length === 1));
      // What the new one has may be known by a look at it before it is followed again.
      await eventually(() => source.status().reconnects > 0);
    });
  });
}

test(
  "a folder that is deleted and a key that expires are announced",
  { skip: etcdMissing },
  async () => {
    await using etcd = await Etcd.start();
    await etcd.set(`${prefix}/web/h:c1:80`, "10.0.0.1:1");
    await etcd.set(`${prefix}/web/h:c2:80`, "10.0.0.1:2");
    await etcd.set(`${prefix}/db/h:c3:81`, "10.0.0.1:3", 3);
    const source = registratorSource(`etcd://127.0.0.1:${etcd.port}${prefix}`);
    await using running = new RunningSource(source);
    await eventually(() => source.status().connected);
    await etcd.delete(`${prefix}/web`);
    await eventually(() => running.routes.length === 1);
    assert.deepEqual([...(running.last?.confirmedGone ?? [])].toSorted(), [
      "web/h:c1:80",
      "web/h:c2:80",
    ]);
    await eventually(() => running.routes.length === 0);
    assert.ok(running.last?.confirmedGone.has("db/h:c3:81"));
    await etcd.set(`${prefix}/web/h:c4:80`, "10.0.0.1:4");
    await eventually(() => running.routes.length === 1);
    await etcd.delete(prefix);
    await eventually(() => running.routes.length === 0);
    assert.ok(running.last?.confirmedGone.has("web/h:c4:80"));
  },
);

test("keys that a store simply does not have are not announced", async () => {
  await using server = await ScriptedServer.start(holding(2));
  const source = registratorSource(`etcd://127.0.0.1:${server.port}${prefix}`);
  await using running = new RunningSource(source);
  await running.have(1);
  for (const index of [8, 3, 4]) {
    const { length } = running.states;
    server.answer(onRead((_request, response) => sendJson(response, folder(0), at(index))));
    source.resync();
    await running.have(length + 1);
    assert.deepEqual([...(running.last?.confirmedGone ?? ["none"])], []);
  }
});

test("etcd 2 forgets an old index: everything is read again", { skip: etcdMissing }, async () => {
  await using etcd = await Etcd.start();
  await etcd.set(`${prefix}/a/h:c:1`, "10.0.0.1:1");
  const gate = Promise.withResolvers<void>();
  // Between source and etcd, so that the watch can be held until its index is long gone.
  await using between = await ScriptedServer.start(async (request, response) => {
    if (request.url?.includes("wait=true") === true) await gate.promise;
    forward(etcd, request, response);
  });
  const source = registratorSource(`etcd://127.0.0.1:${between.port}${prefix}`);
  await using running = new RunningSource(source);
  await eventually(() => between.asked.length === 2);
  await etcd.set(`${prefix}/a/h:c2:1`, "10.0.0.1:2");
  for (let batch = 0; batch < 11; batch += 1)
    await Promise.all(Array.from({ length: 100 }, () => etcd.set("/noise", String(batch))));
  gate.resolve();
  await eventually(() => running.routes.length === 2);
  assert.equal(source.status().failures, 0);
});

test(
  "etcd 3 has compacted an old revision: everything is read again",
  { skip: etcdMissing },
  async () => {
    await using etcd = await Etcd.start();
    await etcd.set3(`${prefix}/a/h:c:1`, "10.0.0.1:1");
    let isFirst = true;
    await using between = await ScriptedServer.start(async (request, response) => {
      if (request.url === "/v3/watch" && isFirst) {
        isFirst = false;
        await etcd.set3(`${prefix}/a/h:c2:1`, "10.0.0.1:2");
        await etcd.set3("/noise", "1");
        await etcd.call("/v3/kv/compaction", { revision: "4" });
      }
      forward(etcd, request, response);
    });
    const source = registratorSource(`etcd3://127.0.0.1:${between.port}${prefix}`);
    await using running = new RunningSource(source);
    await eventually(() => running.routes.length === 2);
    assert.equal(source.status().failures, 0);
  },
);

/** Sends a request on to a real etcd, and its answer back; when either end leaves, both do. */
function forward(etcd: Etcd, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { url: path, method, headers } = request;
  const onward = http.request({ host: "127.0.0.1", port: etcd.port, path, method, headers });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    response.flushHeaders();
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  request.pipe(onward);
}

interface Hostile {
  readonly name: string;
  readonly answer: Answer;
  readonly reason: RegExp;
  readonly scheme?: "etcd3";
}

const document = (value: unknown, index = "7"): Answer =>
  onRead((_request, response) =>
    sendJson(response, value, index === "" ? {} : { headers: { "x-etcd-index": index } }),
  );
const text = (body: string): Answer =>
  onRead((_request, response) => {
    response.writeHead(200, { "content-length": Buffer.byteLength(body), "x-etcd-index": "7" });
    response.end(body);
  });
const status = (code: number, body: unknown = {}): Answer =>
  onRead((_request, response) => sendJson(response, body, { status: code, ...at(7) }));

const hostile: readonly Hostile[] = [
  { name: "no body", answer: text(""), reason: /empty/ },
  { name: "HTML", answer: text("<html>"), reason: /not-json/ },
  { name: "truncated JSON", answer: text('{"action":"get","node":{'), reason: /not-json/ },
  { name: "null", answer: document(null), reason: /no node/ },
  { name: "a list", answer: document([]), reason: /no node/ },
  { name: "no node", answer: document({ action: "get" }), reason: /no node/ },
  {
    name: "an answer to something else",
    answer: document({ action: "set", node: { dir: true } }),
    reason: /no node/,
  },
  {
    name: "a prefix that is a key",
    answer: document({ action: "get", node: { key: prefix, value: "x" } }),
    reason: /no directory/,
  },
  { name: "no index", answer: document(folder(1), ""), reason: /X-Etcd-Index/ },
  { name: "an index that is none", answer: document(folder(1), "1e99x"), reason: /X-Etcd-Index/ },
  { name: "404 of something else", answer: status(404), reason: /http 404/ },
  { name: "401", answer: status(401, { message: "no" }), reason: /auth: http 401/ },
  { name: "500", answer: status(500, folder(1)), reason: /http 500/ },
  { name: "503", answer: status(503), reason: /http 503/ },
  { name: "a redirect", answer: status(307), reason: /http 307/ },
  {
    name: "a body that is cut short",
    answer: onRead((_request, response) => {
      response.writeHead(200, { "content-length": 1000, "x-etcd-index": "7" });
      response.write('{"action":');
      setImmediate(() => response.destroy());
    }),
    reason: /reset|protocol/,
  },
  { name: "no range", answer: document({}), reason: /no whole range/, scheme: "etcd3" },
  {
    name: "half a range",
    answer: document({ header: { revision: "7" }, kvs: [], more: true }),
    reason: /no whole range/,
    scheme: "etcd3",
  },
  {
    name: "keys that are no list",
    answer: document({ header: { revision: "7" }, kvs: {} }),
    reason: /no whole range/,
    scheme: "etcd3",
  },
  {
    name: "a revision that is none",
    answer: document({ header: { revision: "-7" }, kvs: [] }),
    reason: /no whole range/,
    scheme: "etcd3",
  },
];

suite("an answer of etcd that must not be believed", () => {
  for (const { name, answer, reason, scheme = "etcd" } of hostile) {
    test(`${name}: nothing is yielded, the reason is told, the next member answers`, async () => {
      await using bad = await ScriptedServer.start(answer);
      const url = `${scheme}://127.0.0.1:${bad.port}`;
      const alone = registratorSource(url + prefix);
      {
        await using running = new RunningSource(alone);
        await eventually(() => alone.status().failures > 0);
        assert.equal(running.states.length, 0);
        assert.match(alone.status().lastError ?? "", reason);
      }
      const good = scheme === "etcd" ? holding(1) : document({ header: { revision: "7" } });
      await using next = await ScriptedServer.start(good);
      await using running = new RunningSource(
        registratorSource(`${url},127.0.0.1:${next.port}${prefix}`),
      );
      await running.have(1);
      assert.equal(running.routes.length, scheme === "etcd" ? 1 : 0);
    });
  }

  test("nobody listens: the next member answers", async () => {
    await using next = await ScriptedServer.start(holding(1));
    const url = `etcd://127.0.0.1:${await freePort()},127.0.0.1:${next.port}${prefix}`;
    await using running = new RunningSource(registratorSource(url));
    await running.have(1);
    assert.equal(running.routes.length, 1);
  });

  test("a watch that is refused each time does not make a storm of reads", async () => {
    await using server = await ScriptedServer.start((request, response) => {
      if (request.url?.includes("wait=true") === true)
        sendJson(response, { errorCode: 300 }, { status: 400 });
      else sendJson(response, folder(1), at(7));
    });
    const source = registratorSource(`etcd://127.0.0.1:${server.port}${prefix}`);
    await using running = new RunningSource(source);
    const begunAt = performance.now();
    await eventually(() => running.states.length >= 4);
    // Three waits of 75, 150 and 300 ms lie between four reads.
    assert.ok(performance.now() - begunAt >= 500);
    assert.match(source.status().lastError ?? "", /watch/);
  });
});
