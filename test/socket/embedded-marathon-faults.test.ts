import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient, ask, startMarathon } from "./embedded-marathon-support.ts";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: m\r\n\r\n`;

test("status, page, empty and raw answers replace the true one, as often as asked", async () => {
  await using marathon = await startMarathon();
  marathon.setFault(
    { kind: "status", status: 500, body: "{}", contentType: "application/json" },
    { times: 1 },
  );
  const failed = await ask(marathon, "/v2/apps");
  assert.deepEqual([failed.status, failed.body], [500, {}]);
  assert.equal((await ask(marathon, "/v2/apps")).status, 200);

  marathon.setFault({ kind: "empty" });
  const [url = ""] = marathon.urls;
  const nothing = await fetch(`${url}/v2/apps`);
  assert.deepEqual(
    [nothing.status, nothing.headers.get("content-length"), await nothing.text()],
    [200, "0", ""],
  );

  marathon.setFault({ kind: "html" });
  const page = await ask(marathon, "/v2/apps");
  assert.deepEqual(
    [page.status, page.headers.get("content-type")],
    [200, "text/html;charset=utf-8"],
  );

  marathon.setFault({ kind: "raw", payload: "nonsense\r\n\r\n" });
  using raw = new RawClient(url, get("/v2/apps"));
  await raw.closed();
  assert.equal(raw.text, "nonsense\r\n\r\n");
});

test("a fault keeps to its member and path, and is taken back by its scope", async () => {
  await using marathon = await startMarathon({ members: 2 });
  marathon.setFault({ kind: "status", status: 503 }, { member: 1 });
  marathon.setFault({ kind: "status", status: 403 }, { path: /^\/v2\/tasks/ });
  assert.equal((await ask(marathon, "/v2/apps")).status, 200);
  assert.equal((await ask(marathon, "/v2/apps", { member: 1 })).status, 503);
  assert.equal((await ask(marathon, "/v2/tasks")).status, 403);
  marathon.setFault(undefined, { member: 1 });
  assert.equal((await ask(marathon, "/v2/apps", { member: 1 })).status, 200);
  assert.equal((await ask(marathon, "/v2/tasks")).status, 403);
  marathon.setFault(undefined);
  assert.equal((await ask(marathon, "/v2/tasks")).status, 200);
});

test("a truncated body breaks the connection, or looks whole", async () => {
  await using marathon = await startMarathon();
  marathon.setFault({ kind: "truncate", bytes: 5 }, { times: 1 });
  await assert.rejects(ask(marathon, "/v2/apps"), TypeError);
  marathon.setFault({ kind: "truncate", bytes: 5, framed: true });
  const response = await fetch(`${marathon.urls[0]}/v2/apps`, {
    headers: { "accept-encoding": "identity" },
  });
  assert.equal(await response.text(), '{"app');
});

test("a body without length or chunks ends with the connection", async () => {
  await using marathon = await startMarathon();
  marathon.setFault({ kind: "close-delimited" });
  using client = new RawClient(marathon.urls[0] ?? "", get("/v2/apps"));
  await client.closed();
  assert.doesNotMatch(client.head, /content-length|transfer-encoding/i);
  assert.equal(client.body, '{"apps":[]}');
});

test("reset resets, hang answers nothing, stall-body stops half way", async () => {
  await using marathon = await startMarathon();
  const [url = ""] = marathon.urls;
  marathon.setFault({ kind: "reset" });
  using broken = new RawClient(url, get("/ping"));
  await broken.closed();
  assert.equal(broken.error?.code, "ECONNRESET");

  marathon.setFault({ kind: "hang" });
  using hanging = new RawClient(url, get("/ping"));
  await eventually(() => marathon.requests.length === 2);
  marathon.setFault({ kind: "stall-body" });
  using stalled = new RawClient(url, get("/v2/apps"));
  await eventually(() => stalled.body === '{"app');
  assert.match(stalled.head, /Content-Length: 11\r\n/);
  assert.deepEqual([hanging.text, hanging.ended, stalled.ended], ["", false, false]);
});

test("a delayed answer comes after its time", async () => {
  await using marathon = await startMarathon();
  marathon.setFault({ kind: "delay", ms: 50 });
  const started = performance.now();
  assert.equal((await ask(marathon, "/ping")).status, 200);
  assert.ok(performance.now() - started >= 49);
});

test("a stale answer is a former state", async () => {
  await using marathon = await startMarathon();
  marathon.putApp({ id: "/a" });
  const { id } = marathon.addTask("/a", { host: "h", ports: [1] });
  marathon.setHealth(id, true);
  const alive = async (): Promise<readonly unknown[]> =>
    (await ask(marathon, "/v2/tasks")).body["tasks"][0].healthCheckResults;
  marathon.setFault({ kind: "stale", versionsBack: 1 }, { times: 1 });
  assert.equal((await alive()).length, 0);
  assert.equal((await alive()).length, 1);
});

test("a silent stream stays open without events or heartbeats, those open before included", async () => {
  await using marathon = await startMarathon({ heartbeatMs: 5 });
  using open = RawClient.stream(marathon.urls[0] ?? "");
  await open.have("event_stream_attached");
  marathon.setFault({ kind: "silent" });
  using silent = RawClient.stream(marathon.urls[0] ?? "");
  await eventually(() => silent.head !== "" && marathon.streams === 2);
  marathon.emit({ eventType: "lost" });
  // The path of other requests is free, and by their answers time passes.
  for (let turn = 0; turn < 20; turn += 1) await ask(marathon, "/ping");
  assert.deepEqual([silent.body, silent.ended, open.types.includes("lost")], ["", false, false]);
  marathon.setFault(undefined);
  marathon.emit({ eventType: "heard" });
  await silent.have("heard");
  await open.have("heard");
});

test("a stream can end after its head, or be refused", async () => {
  await using marathon = await startMarathon();
  const [url = ""] = marathon.urls;
  marathon.setFault({ kind: "end" }, { times: 1 });
  using ended = RawClient.stream(url);
  await ended.closed();
  assert.match(ended.head, /^HTTP\/1\.1 200 /);
  assert.equal(ended.body, "");
  marathon.setFault({ kind: "refuse-stream", status: 503 });
  using refused = RawClient.stream(url);
  await eventually(() => refused.head.startsWith("HTTP/1.1 503 "));
  assert.equal((await ask(marathon, "/ping")).status, 200);
  assert.equal(marathon.streams, 0);
});

test("a silence for so many streams holds those for good and spares the next", async () => {
  await using marathon = await startMarathon({ heartbeatMs: 5 });
  const [url = ""] = marathon.urls;
  marathon.setFault({ kind: "silent" }, { times: 1 });
  using silent = RawClient.stream(url);
  await eventually(() => marathon.streams === 1);
  using heard = RawClient.stream(url);
  await heard.have("event_stream_attached");
  marathon.setFault(undefined);
  marathon.emit({ eventType: "end" });
  await heard.have("end");
  assert.equal(silent.body, "");
});
