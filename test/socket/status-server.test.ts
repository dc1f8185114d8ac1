import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { defaultPolicy } from "../../src/model/policy.ts";
import { makePages, type Phase, type Showable } from "../../src/admin/pages.ts";
import { RequestLimits } from "../../src/admin/request-limits.ts";
import { StatusServer } from "../../src/admin/status-server.ts";
import { emptyTable } from "../../src/routing/table.ts";
import { eventually } from "../support/eventually.ts";
import { TcpClient } from "../support/tcp-client.ts";

const explained: ReadonlySet<string> = new Set(["/demo/webapp", "/twin", "twin", "container"]);

async function start(
  phase: () => Phase,
  failures: string[] = [],
  {
    limits = new RequestLimits(),
    metrics = () => Promise.reject(new Error("broken")),
  }: Partial<{ limits: RequestLimits; metrics: Showable["metrics"] }> = {},
): Promise<StatusServer> {
  const pages = makePages({
    version: "9.9.9",
    phase,
    explain: (app) =>
      explained.has(app) ? { app, thisHost: ["agent-1"], services: [] } : undefined,
    table: () => ({
      ...emptyTable,
      version: 3,
      updatedAt: 0,
      routes: [
        {
          key: "tcp/1234",
          app: "/demo/webapp",
          name: "webapp.demo",
          port: 1234,
          protocol: "tcp",
          mode: "tcp",
          policy: defaultPolicy,
          source: "marathon",
          replicas: [
            {
              key: "10.0.0.7:31001",
              address: { host: "10.0.0.7", port: 31_001 },
              host: "agent-7",
              task: "t.1",
              weight: 500,
              state: "up",
              reason: "running",
              since: 0,
            },
          ],
        },
      ],
    }),
    sources: () => [{ name: "marathon", connected: true }],
    problems: () => [
      { kind: "port-conflict", subject: "/x", reason: "taken", since: 0 },
      { kind: "invalid-label", subject: "/demo/webapp", reason: "x", since: 0 },
    ],
    metrics,
    listening: () => ["127.0.0.1:1234"],
    connections: () => 3,
    probed: (_key, replica) => (replica === "10.0.0.7:31001" ? "L4OK in 1 ms" : undefined),
    ejection: () => undefined,
    draining: () => [],
  });
  return await StatusServer.open({
    address: { host: "127.0.0.1", port: 0 },
    pages,
    failed: (path) => failures.push(path),
    limits,
  });
}

test("/status follows the life of the proxy (A14)", async () => {
  let phase: Phase = "INITIALIZING";
  await using server = await start(() => phase);
  const detailed = await fetch(`http://${server.address}/status?details`);
  assert.deepEqual(
    [detailed.status, await detailed.text()],
    [503, "INITIALIZING\nport-conflict /x: taken\ninvalid-label /demo/webapp: x\n"],
  );
  for (const [now, status] of [
    ["INITIALIZING", 503],
    ["OK", 200],
    ["TERMINATING", 503],
  ] as const) {
    phase = now;
    for (const path of ["/status", "/ready"]) {
      const answer = await fetch(`http://${server.address}${path}`);
      assert.deepEqual([answer.status, await answer.text()], [status, `${now}\n`]);
    }
    assert.equal((await fetch(`http://${server.address}/healthz`)).status, 200);
  }
});

test("/api/table answers as the contract shows", async () => {
  await using server = await start(() => "OK");
  const answer = await fetch(`http://${server.address}/api/table`);
  assert.equal(answer.headers.get("content-type"), "application/json; charset=utf-8");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.deepEqual(await answer.json(), {
    version: 3,
    updatedAt: "1970-01-01T00:00:00.000Z",
    services: [
      {
        name: "webapp.demo",
        app: "/demo/webapp",
        port: 1234,
        protocol: "tcp",
        mode: "tcp",
        balance: "leastconn",
        listening: ["127.0.0.1:1234"],
        source: "marathon",
        replicas: [
          {
            address: "10.0.0.7:31001",
            host: "agent-7",
            task: "t.1",
            weight: 500,
            state: "up",
            reason: "probe L4OK in 1 ms",
            since: "1970-01-01T00:00:00.000Z",
            connections: 3,
          },
        ],
      },
    ],
  });
});

test("/api/explain/<app> answers for apps that are listed, and says so for others", async () => {
  await using server = await start(() => "OK");
  const get = async (path: string): Promise<[number, unknown]> => {
    const answer = await fetch(`http://${server.address}/api/explain/${path}`);
    return [answer.status, await answer.json()];
  };
  const problem = {
    kind: "invalid-label",
    subject: "/demo/webapp",
    reason: "x",
    since: "1970-01-01T00:00:00.000Z",
  };
  const known = { app: "/demo/webapp", thisHost: ["agent-1"], services: [], problems: [problem] };
  for (const path of ["demo/webapp", "/demo/webapp", "%2Fdemo%2Fwebapp", "demo/webapp?x=1"]) {
    assert.deepEqual(await get(path), [200, known]);
  }
  for (const [path, app] of [
    ["container", "container"],
    ["twin", "twin"],
    ["/twin", "/twin"],
  ] as const) {
    const [, body] = await get(path);
    assert.deepEqual(body, { app, thisHost: ["agent-1"], services: [], problems: [] });
  }
  for (const path of ["", "demo", "/container", "demo/webapp/", "%00%0A", "x".repeat(5000)]) {
    const [status, body] = await get(path);
    assert.equal(status, 404, path);
    assert.match(JSON.stringify(body), /^\{"error":"no source lists an app [^\n]{1,300}"\}$/);
  }
  const bad = await fetch(`http://${server.address}/api/explain/%E0%A4%A`);
  assert.equal(bad.status, 404);
});

test("text pages, unknown paths, other methods and a page that throws", async () => {
  const failures: string[] = [];
  await using server = await start(() => "OK", failures);
  const get = async (path: string, init?: RequestInit): Promise<[number, string]> => {
    const answer = await fetch(`http://${server.address}${path}`, init);
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await get("/ping"), [200, "pong\n"]);
  assert.deepEqual(await get("/version?x=1"), [200, "portolan 9.9.9\n"]);
  assert.deepEqual(await get("/nothing"), [404, "not found\n"]);
  assert.deepEqual(await get("/status", { method: "POST" }), [
    405,
    "only GET and HEAD are answered here\n",
  ]);
  assert.deepEqual(await get("/status", { method: "HEAD" }), [200, ""]);
  assert.deepEqual(await get("/metrics"), [500, "internal error\n"]);
  assert.deepEqual(failures, ["/metrics"]);
  assert.match((await get("/api/problems"))[1], /"since": "1970-01-01T00:00:00.000Z"/);
  assert.match((await get("/"))[1], /portolan 9\.9\.9: OK, 1 services, table 3/);
});

test("a page in pieces comes whole, and as slowly as its reader likes (A05)", async () => {
  const piece = Buffer.alloc(64 * 1024, "x");
  const body = Array.from({ length: 400 }, () => piece);
  const metrics: Showable["metrics"] = () => Promise.resolve({ type: "text/plain", body });
  await using server = await start(() => "OK", [], { metrics });
  const slow = await fetch(`http://${server.address}/metrics`);
  assert.equal(slow.headers.get("content-length"), String(400 * piece.length));
  const swift = await fetch(`http://${server.address}/metrics`);
  assert.equal((await swift.arrayBuffer()).byteLength, 400 * piece.length);
  assert.equal((await slow.arrayBuffer()).byteLength, 400 * piece.length);
  const head = await fetch(`http://${server.address}/metrics`, { method: "HEAD" });
  assert.equal(await head.text(), "");
  await using leaver = await TcpClient.open(server.port);
  leaver.socket.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await eventually(() => leaver.chunks.length > 0);
  leaver.socket.resetAndDestroy();
  assert.equal((await fetch(`http://${server.address}/ping`)).status, 200);
});

test("a client that leaves in the middle harms nobody", async () => {
  await using server = await start(() => "OK");
  const [host = "", port = ""] = server.address.split(":");
  const socket = connect(Number(port), host, () => {
    socket.write("GET /api/table HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.resetAndDestroy();
  });
  socket.on("error", () => undefined);
  await eventually(() => socket.destroyed);
  assert.equal((await fetch(`http://${server.address}/ping`)).status, 200);
});

test("an address that is taken is told", async () => {
  await using server = await start(() => "OK");
  const port = Number(server.address.split(":")[1]);
  await assert.rejects(
    StatusServer.open({
      address: { host: "127.0.0.1", port },
      pages: new Map(),
      failed: () => undefined,
    }),
    /EADDRINUSE/,
  );
});

test("what is too much or too large is refused, and the state is told nevertheless", async () => {
  const [requests, bytes] = [
    { perSecond: 1, burst: 2 },
    { perSecond: 1e6, burst: 1e6 },
  ];
  await using server = await start(() => "OK", [], {
    limits: new RequestLimits({ requests, bytes }),
  });
  const url = `http://${server.address}`;
  const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(`${url}/v1/apps`)));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0 && refused.length < 5);
  assert.equal(refused[0]?.headers.get("retry-after"), "1");
  assert.equal((await fetch(`${url}/status`)).status, 200);
  await eventually(async () => (await fetch(`${url}/v1/apps`)).status === 200);

  const body = "x".repeat(1025);
  const large = await fetch(`${url}/status`, { method: "POST", body });
  assert.deepEqual([large.status, large.headers.get("connection")], [413, "close"]);
  const long = await fetch(`${url}/status`, { headers: { "x-long": "x".repeat(17_000) } });
  assert.equal(long.status, 431);
});

test("a body that never ends is not waited for", async () => {
  await using server = await start(() => "OK");
  const port = Number(server.address.split(":").at(-1));
  await using client = new TcpClient(port);
  client.socket.write("POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  await eventually(() => client.closed || client.ended);
  assert.match(client.text, /^HTTP\/1\.1 413 /);
});
