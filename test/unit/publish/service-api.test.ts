import assert from "node:assert/strict";
import { test } from "node:test";
import { apiPortPages } from "../../../src/admin/service-api.ts";
import type { Route } from "../../../src/routing/table.ts";
import type { Page, Reply } from "../../../src/admin/status-server.ts";
import { emptyTable, type Table } from "../../../src/routing/table.ts";
import { route, routed, table } from "./tables.ts";

function port(index: number, over: Partial<Route> = {}): Route {
  const replicas = [2, 1].map((agent) =>
    routed(`10.0.0.${agent}:${31_000 + index}`, {
      host: `agent-${agent}`,
      dialName: `agent-${agent}`,
      task: `t.${agent}`,
    }),
  );
  return route("/demo/web", 8080 + index, replicas, { portIndex: index, ...over });
}

const down = routed("10.0.0.9:1", { state: "down", host: "agent-9", task: "t.9" });
const demo = table([
  port(0),
  port(1),
  port(1, { protocol: "udp", key: "udp/8081" }),
  port(2, { port: 80 }),
  route("/mixed", 90, [down, routed("10.0.0.1:2", { task: "t.8" })]),
  route("/asleep", 91),
  route("/v6", 92, [routed("[fd00::7]:80", { host: "agent-6" })]),
  route("/overlay", 96, [routed("10.32.0.5:8080", { host: "agent-7.example" })]),
  route("consul-web", 93, [routed("10.0.0.3:80")]),
  route("twin", 94, [routed("10.0.0.3:81")]),
  route("/twin", 95, [routed("10.0.0.3:82")]),
]);

async function get(path: string, served: Table = demo): Promise<Reply> {
  const { pathname, search } = new URL(path, "http://portolan");
  const pages = apiPortPages({ version: "9.9.9", table: () => served });
  for (const [prefix, page] of pages) {
    const rest = pathname.slice(prefix.length);
    if (pathname === prefix || (prefix.endsWith("/") && pathname.startsWith(prefix)))
      return plain(await page({ rest, query: new URLSearchParams(search), accept: "" }));
  }
  throw new Error(`no page ${path}`);
}

function plain(reply: Awaited<ReturnType<Page>>): Reply {
  assert.ok("body" in reply);
  return reply;
}

const replies: readonly { ask: string; want: readonly string[] }[] = [
  { ask: "/ping", want: ["pong"] },
  { ask: "/version", want: ["portolan 9.9.9"] },
  {
    ask: "/v1/apps",
    want: ["/asleep", "/demo/web", "/mixed", "/overlay", "/twin", "/v6", "consul-web", "twin"],
  },
  { ask: "/v1/service_ports/demo/web", want: ["8080", "8081", "80"] },
  { ask: "/v1/instances/demo/web", want: ["10.0.0.1:31000", "10.0.0.2:31000"] },
  { ask: "/v1/instances//demo/web", want: ["10.0.0.1:31000", "10.0.0.2:31000"] },
  { ask: "/v1/instances/demo/web?noresolve=1", want: ["agent-1:31000", "agent-2:31000"] },
  { ask: "/v1/instances/demo/web?noresolve=0", want: ["10.0.0.1:31000", "10.0.0.2:31000"] },
  {
    ask: "/v1/instances/demo/web?withid=1",
    want: ["3813959584:10.0.0.1:31000", "3864292441:10.0.0.2:31000"],
  },
  { ask: "/v1/instances/demo/web?portIndex=1", want: ["10.0.0.1:31001", "10.0.0.2:31001"] },
  {
    ask: "/v1/instances/demo/web?portIndex=0:1",
    want: ["10.0.0.1:31000:31001", "10.0.0.2:31000:31001"],
  },
  {
    ask: "/v1/instances/demo/web?portIndex=1:",
    want: ["10.0.0.1:31001:31002", "10.0.0.2:31001:31002"],
  },
  {
    ask: "/v1/instances/demo/web?portIndex=:2",
    want: ["10.0.0.1:31000:31001:31002", "10.0.0.2:31000:31001:31002"],
  },
  { ask: "/v1/instances/mixed", want: ["10.0.0.1:2", "10.0.0.9:1"] },
  { ask: "/v1/instances/mixed?healthy=1", want: ["10.0.0.1:2"] },
  { ask: "/v1/instances/v6", want: ["[fd00::7]:80"] },
  { ask: "/v1/instances/overlay?noresolve=1", want: ["10.32.0.5:8080"] },
  { ask: "/v1/instances/consul-web", want: ["10.0.0.3:80"] },
  { ask: "/v1/service_ports/consul-web", want: ["93"] },
  // Marathon's, as those who ask mmsd mean it.
  { ask: "/v1/instances/twin", want: ["10.0.0.3:82"] },
];

for (const { ask, want } of replies) {
  test(`${ask}: ${want.length} lines`, async () => {
    const { status, type, body } = await get(ask);
    assert.deepEqual([status, type], [200, "text/plain; charset=utf-8"]);
    assert.equal(body, want.map((line) => `${line}\n`).join(""));
  });
}

const refusals: readonly { ask: string; status: number }[] = [
  { ask: "/v1/instances/nobody", status: 404 },
  { ask: "/v1/instances/", status: 404 },
  { ask: "/v1/instances/demo", status: 404 },
  { ask: "/v1/instances/__proto__", status: 404 },
  { ask: "/v1/service_ports/nobody", status: 404 },
  { ask: "/v1/instances//consul-web", status: 404 },
  { ask: "/v1/instances/asleep", status: 204 },
  { ask: "/v1/instances/mixed?portIndex=1", status: 400 },
  ...[
    "-1",
    "3",
    "99",
    "a:b",
    "2:1",
    "3:",
    ":3",
    ":",
    "0:1:2",
    "1.5",
    "1e1",
    "0x1",
    " 1",
    "9".repeat(8192),
  ].map((range) => ({ ask: `/v1/instances/demo/web?portIndex=${range}`, status: 400 })),
  { ask: "/v1/instances/demo/web?portIndex=0&portIndex=1", status: 400 },
  { ask: "/v1/instances/nobody?portIndex=x", status: 400 },
];

for (const { ask, status } of refusals)
  test(`${ask.slice(0, 60)}: ${status}`, async () => assert.equal((await get(ask)).status, status));

test("before the first table nothing is said to be missing", async () => {
  for (const path of ["/v1/apps", "/v1/instances/demo/web", "/v1/service_ports/demo/web"])
    assert.equal((await get(path, emptyTable)).status, 503);
});

test("a task that lacks a port of the range is left out", async () => {
  const uneven = table([
    route("/a", 80, [routed("10.0.0.1:1", { task: "t.1" }), routed("10.0.0.2:1", { task: "t.2" })]),
    route("/a", 81, [routed("10.0.0.2:2", { task: "t.2" })]),
  ]);
  assert.equal((await get("/v1/instances/a?portIndex=0:1", uneven)).body, "10.0.0.2:1:2\n");
});
