import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { withDashboard } from "../../src/admin/dashboard/dashboard.ts";
import { LiveFeed } from "../../src/admin/live-feed.ts";
import type { LiveInput } from "../../src/admin/live-view.ts";
import { StatusServer, text } from "../../src/admin/status-server.ts";
import { defaultPolicy } from "../../src/model/policy.ts";
import { emptyTable, type Route } from "../../src/routing/table.ts";
import { eventually } from "../support/eventually.ts";
import { LiveClient } from "../support/live-client.ts";

function route(port: number, reason = "running"): Route {
  const key = `10.0.0.1:${port}`;
  const place = { key, address: { host: "10.0.0.1", port }, host: "h", task: "t" };
  const replica = { ...place, weight: 500, state: "up", reason, since: 0 } as const;
  const shape = { protocol: "tcp", mode: "tcp", policy: defaultPolicy, source: "file" } as const;
  return { key: `tcp/${port}`, app: `/a/${port}`, name: "a", port, ...shape, replicas: [replica] };
}

interface Shown {
  routes: readonly Route[];
  phase: string;
  looks: number;
  isBroken: boolean;
}

function serve(shown: Shown, failures: string[] = []): Promise<StatusServer> {
  const input: LiveInput = {
    version: "9.9.9",
    phase: () => {
      shown.looks += 1;
      if (shown.isBroken) throw new Error("broken");
      return shown.phase;
    },
    table: () => ({ ...emptyTable, version: 3, routes: shown.routes }),
    sources: () => [],
    problems: () => [],
    routingChanges: () => [],
    serviceCells: () => undefined,
    replicaCells: () => undefined,
    listening: () => [],
    connections: () => 0,
    probed: () => undefined,
    ejection: () => undefined,
    clock: () => 0,
  };
  const failed = (path: string): void => {
    failures.push(path);
  };
  const feed = new LiveFeed({ input, failed, everyMs: 10, heartbeatMs: 100 });
  const pages = withDashboard(new Map([["/", () => text(200, "plain <b>\n")]]), feed);
  pages.set("/status", () => text(200, "OK\n"));
  return StatusServer.open({ address: { host: "127.0.0.1", port: 0 }, pages, failed });
}

function shownOf(routes: readonly Route[] = [route(80)]): Shown {
  return { routes, phase: "OK", looks: 0, isBroken: false };
}

test("a reader gets everything, then only what changes, then a sign of life", async () => {
  const shown = shownOf();
  await using server = await serve(shown);
  using client = new LiveClient(server.address);
  await eventually(() => client.count("full") === 1);
  assert.match(client.head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(client.head, /content-type: text\/event-stream/);
  assert.match(client.last("full"), /"key":"tcp\/80"/);
  await eventually(() => client.count("heartbeat") >= 2);
  assert.equal(client.count("change"), 0, "nothing changed");
  shown.phase = "TERMINATING";
  await eventually(() => client.count("change") === 1);
  const head = { version: "9.9.9", phase: "TERMINATING", table: 3, updatedAt: 0 };
  assert.deepEqual(JSON.parse(client.last("change")), { now: 0, head });
});

test("replicas are told only to those who unfolded their service", async () => {
  const shown = shownOf([route(80), route(81)]);
  await using server = await serve(shown);
  using one = new LiveClient(server.address, "?open=tcp/81&open=tcp/99");
  using other = new LiveClient(server.address);
  await eventually(() => one.count("replicas") === 2 && other.count("full") === 1);
  shown.routes = [route(80, "new"), route(81, "new")];
  await eventually(() => /"service":"tcp\/81".*"reason":"new"/.test(one.last("replicas")));
  assert.equal(one.count("replicas"), 3);
  assert.equal(other.count("replicas"), 0);
});

test("without readers nobody looks, and the next reader sees the present", async () => {
  const shown = shownOf();
  await using server = await serve(shown);
  {
    using client = new LiveClient(server.address);
    await eventually(() => client.count("full") === 1);
  }
  // Looking has ended when a whole heartbeat's time brings no further look.
  await eventually(async () => {
    const before = shown.looks;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    return shown.looks === before;
  });
  shown.phase = "TERMINATING";
  using late = new LiveClient(server.address);
  await eventually(() => late.last("full").includes("TERMINATING"));
});

test("a reader that takes nothing is left out, and gets everything anew once it reads on", async () => {
  const many = (reason: string): readonly Route[] =>
    Array.from({ length: 400 }, (_, index) => ({
      ...route(1000 + index),
      name: reason.repeat(1000),
    }));
  const shown = shownOf(many("a"));
  await using server = await serve(shown);
  using slow = new LiveClient(server.address);
  using quick = new LiveClient(server.address);
  await eventually(() => slow.count("full") === 1 && quick.count("full") === 1);
  slow.socket.pause();
  // Each of these is 400 kB more, far beyond what the kernel and one reader's share of memory take.
  for (let turn = 0; turn < 40; turn += 1) {
    const before = quick.count("change");
    shown.routes = many(turn % 2 === 0 ? "b" : "a");
    await eventually(() => quick.count("change") > before);
  }
  assert.equal(quick.count("full"), 1);
  shown.routes = many("c");
  slow.socket.resume();
  await eventually(() => slow.count("full") === 2);
  await eventually(() =>
    [slow.last("full"), slow.last("change")].some((told) => told.includes("ccc")),
  );
  assert.ok(slow.count("change") < 35, `${slow.count("change")} of 40 changes were queued`);
});

test("a look that fails is told, and the next one is tried", async () => {
  const shown = shownOf();
  const failures: string[] = [];
  await using server = await serve(shown, failures);
  using client = new LiveClient(server.address);
  await eventually(() => client.count("full") === 1);
  shown.isBroken = true;
  await eventually(() => failures.length > 0);
  shown.isBroken = false;
  shown.phase = "TERMINATING";
  await eventually(() => client.count("change") > 0);
  assert.equal(failures[0], "/api/live");
});

test("streams are bounded, and neither they nor idle connections keep anybody from asking (A04)", async () => {
  const shown = shownOf();
  await using server = await serve(shown);
  const streams = Array.from({ length: 20 }, () => new LiveClient(server.address));
  const [host = "", port = ""] = server.address.split(":");
  const idlers: Socket[] = [];
  try {
    await eventually(() => streams.every(({ head }) => head !== ""));
    const refused = streams.filter(({ head }) => head.startsWith("HTTP/1.1 503"));
    assert.equal(refused.length, 4);
    for (let count = 0; count < 300; count += 1) {
      const idler = connect(Number(port), host);
      idler.on("error", () => undefined);
      idlers.push(idler);
    }
    await eventually(() => idlers.filter(({ destroyed }) => destroyed).length >= 200);
    const answer = await fetch(`http://${server.address}/status`);
    assert.equal(await answer.text(), "OK\n");
    shown.phase = "TERMINATING";
    await eventually(() => streams.filter((stream) => stream.count("change") > 0).length === 16);
  } finally {
    for (const socket of [...idlers, ...streams.map((stream) => stream.socket)]) socket.destroy();
  }
});

test("browsers get a page that may load nothing foreign, everything else the plain text", async () => {
  await using server = await serve(shownOf());
  const get = (path: string, accept: string): Promise<Response> =>
    fetch(`http://${server.address}${path}`, { headers: { accept } });
  for (const accept of ["*/*", "text/plain", "application/json"]) {
    const plain = await get("/", accept);
    assert.equal(plain.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(plain.headers.get("vary"), "accept");
    assert.equal(await plain.text(), "plain <b>\n");
  }
  const page = await get("/", "text/html,application/xhtml+xml;q=0.9");
  const html = await page.text();
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(
    page.headers.get("content-security-policy") ?? "",
    /^default-src 'none'; script-src 'self';/,
  );
  assert.match(html, /<noscript>.*<pre>plain &lt;b&gt;\n<\/pre><\/noscript>/);
  assert.ok(!/\b(?:src|href)="(?!\/)/.test(html), "only paths of our own");
  assert.ok(!/ style=| on[a-z]+=|<script>/.test(html), "nothing inline");
  const paths = [...html.matchAll(/(?:src|href)="(\/dashboard\/[^"]+)"/g)].map(
    ([, path = ""]) => path,
  );
  assert.equal(paths.length, 3);
  for (const path of paths) assert.equal((await get(path, "*/*")).status, 200, path);
  for (const path of [
    "nothing.ts",
    "tsconfig.json",
    "../dashboard.ts",
    "%2e%2e%2fdashboard.ts",
    "",
  ]) {
    assert.equal((await get(`/dashboard/client/${path}`, "*/*")).status, 404, path);
  }
});

test("a page of another name may neither read nor frame us (A02)", async () => {
  await using server = await serve(shownOf());
  const [host = "", port = ""] = server.address.split(":");
  const asked = connect(Number(port), host);
  let answer = "";
  asked.on("error", () => undefined);
  asked.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
  });
  asked.write("GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n");
  await eventually(() => answer.includes("--host-name"));
  assert.match(answer, /^HTTP\/1\.1 421 /);
  assert.match(answer, /x-frame-options: DENY/i);
  assert.ok(!/access-control/i.test(answer));
});
