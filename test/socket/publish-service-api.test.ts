import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { apiPortPages } from "../../src/admin/service-api.ts";
import { StatusServer } from "../../src/admin/status-server.ts";
import { parseAddress } from "../../src/model/address.ts";
import { route, routed, table } from "../unit/publish/tables.ts";

const demo = table([
  route("/demo/web", 8080, [routed("10.0.0.1:31000", { task: "t.1" })]),
  route("/demo/web", 8081, [routed("10.0.0.1:31001", { task: "t.1" })]),
  route("/asleep", 91),
]);

async function start(failures: string[]): Promise<StatusServer> {
  return await StatusServer.open({
    address: { host: "127.0.0.1", port: 0 },
    pages: apiPortPages({ version: "9.9.9", table: () => demo }),
    failed: (path) => failures.push(path),
  });
}

/** The status of a request whose path no client library would send. */
async function raw(server: StatusServer, path: string): Promise<number> {
  const socket = connect(portOf(server), "127.0.0.1");
  socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const [first] = await once(socket.setEncoding("latin1"), "data");
  socket.destroy();
  return Number(String(first).split(" ")[1]);
}

function portOf(server: StatusServer): number {
  const port = parseAddress(server.address)?.port;
  if (port === undefined) throw new Error("not listening");
  return port;
}

test("the API answers on a port of its own", async () => {
  await using server = await start([]);
  const instances = await fetch(`http://${server.address}/v1/instances/demo/web?portIndex=0:1`);
  assert.deepEqual([instances.status, await instances.text()], [200, "10.0.0.1:31000:31001\n"]);
  const asleep = await fetch(`http://${server.address}/v1/instances/asleep`);
  assert.deepEqual([asleep.status, await asleep.text()], [204, ""]);
  assert.equal((await fetch(`http://${server.address}/api/table`)).status, 404);
});

const strange: readonly { path: string; status: number }[] = [
  { path: "/v1/instances/../../x", status: 404 },
  { path: "/v1/instances/%2e%2e/x", status: 404 },
  { path: "/v1/instances/%00", status: 404 },
  { path: "/v1/instances/%", status: 404 },
  { path: "/v1/instances/%F0%9F", status: 404 },
  { path: `/v1/instances/${"x".repeat(8192)}`, status: 404 },
  { path: "/v1/instances", status: 404 },
  { path: "/v1/instances/demo/web?portIndex=-1", status: 400 },
  { path: "/v1/instances/demo/web?portIndex=%00", status: 400 },
  { path: "/v1/instances/demo/web?portIndex=0&portIndex=0", status: 400 },
];

test("strange requests are refused, and none is an error of ours (A06)", async () => {
  const failures: string[] = [];
  await using server = await start(failures);
  for (const { path, status } of strange)
    assert.equal(await raw(server, path), status, path.slice(0, 60));
  assert.deepEqual(failures, []);
});
