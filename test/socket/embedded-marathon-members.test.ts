import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient, ask, startMarathon } from "./embedded-marathon-support.ts";

test("the leader signs its answers; a standby passes them on and signs as well", async () => {
  await using marathon = await startMarathon({ members: 2 });
  const [leader = "", standby = ""] = marathon.urls;
  const direct = await ask(marathon, "/v2/leader");
  assert.equal(direct.headers.get("x-marathon-leader"), leader);
  assert.equal(direct.headers.get("x-marathon-via"), null);
  const passed = await ask(marathon, "/v2/leader?x=1", {
    member: 1,
    headers: { authorization: "Bearer x" },
  });
  assert.equal(passed.headers.get("x-marathon-leader"), leader);
  assert.equal(passed.headers.get("x-marathon-via"), `1.1 ${new URL(standby).host}`);
  assert.deepEqual(passed.body, direct.body);
  const [onStandby, onLeader] = marathon.requests.slice(1);
  assert.deepEqual([onStandby?.member, onStandby?.via], [1, undefined]);
  assert.deepEqual(
    [onLeader?.member, onLeader?.path, onLeader?.authorization, onLeader?.via],
    [0, "/v2/leader?x=1", "Bearer x", `1.1 ${new URL(standby).host}`],
  );
});

test("a standby passes bodies on, and refuses a request that came through it before", async () => {
  await using marathon = await startMarathon({ members: 2 });
  const body = JSON.stringify({ id: "/a" });
  const created = await ask(marathon, "/v2/apps", { member: 1, method: "POST", body });
  assert.equal(created.status, 201);
  const via = `1.1 ${new URL(marathon.urls[1] ?? "").host}`;
  const looped = await ask(marathon, "/ping", { member: 1, headers: { "x-marathon-via": via } });
  assert.equal(looped.status, 502);
  assert.match(looped.body["text"], /Detected proxying loop/);
});

test("1.10 redirects every stream request of a standby, with its query", async () => {
  await using marathon = await startMarathon({ members: 2, pathPrefix: "/marathon" });
  const [leader = ""] = marathon.urls;
  const { status, headers } = await ask(marathon, "/v2/events?event_type=a&b=c", { member: 1 });
  assert.equal(status, 302);
  assert.equal(headers.get("location"), `${leader}/v2/events?event_type=a&b=c`);
});

test("before 1.7 a standby passes the stream on, and its end", async () => {
  await using marathon = await startMarathon({ members: 2, dialect: "1.5" });
  using client = RawClient.stream(marathon.urls[1] ?? "");
  await client.have("event_stream_attached");
  assert.match(client.head, /x-marathon-via: 1\.1 127/i);
  marathon.endStreams();
  await client.closed();
  assert.equal(client.error, undefined);
});

test("a standby cuts a stream on which the leader says nothing for too long", async () => {
  await using marathon = await startMarathon({
    members: 2,
    dialect: "1.5",
    proxyReadTimeoutMs: 50,
  });
  using client = RawClient.stream(marathon.urls[1] ?? "");
  await client.have("event_stream_attached");
  await client.closed();
});

test("an election ends the streams, leaves a gap, and forgets health", async () => {
  await using marathon = await startMarathon({ members: 3, holdMs: 20 });
  marathon.putApp({ id: "/a", healthChecks: [{ protocol: "TCP" }] });
  marathon.addTask("/a", { host: "h", ports: [1], health: true });
  using client = RawClient.stream(marathon.urls[0] ?? "");
  await client.have("event_stream_attached");
  const election = marathon.electLeader(1, { gapMs: 600_000 });
  await client.closed();
  assert.equal(client.error, undefined);
  for (const member of [0, 1, 2]) {
    const gap = await ask(marathon, "/v2/apps", { member });
    assert.equal(gap.status, 502);
    assert.match(gap.body["text"], /Could not determine the current leader/);
  }
  await marathon.electLeader(2);
  const [task] = (await ask(marathon, "/v2/tasks", { member: 1 })).body["tasks"];
  assert.deepEqual(task.healthCheckResults, []);
  assert.equal(marathon.leader, 2);
  const abandoned = assert.rejects(election);
  await marathon[Symbol.asyncDispose]();
  await abandoned;
});

test("older releases answer 503 without a leader, and 200 as soon as there is one", async () => {
  await using marathon = await startMarathon({ members: 2, dialect: "1.5", holdMs: 600_000 });
  void marathon
    .electLeader(1, { gapMs: 600_000 })
    .catch(() => "abandoned when the stand-in is disposed");
  const held = ask(marathon, "/v2/apps");
  await eventually(() => marathon.requests.length === 1);
  await marathon.electLeader(1);
  assert.equal((await held).status, 200);
  await using short = await startMarathon({ dialect: "1.5", holdMs: 1 });
  void short
    .electLeader(0, { gapMs: 600_000 })
    .catch(() => "abandoned when the stand-in is disposed");
  assert.equal((await ask(short, "/v2/apps")).status, 503);
});

test("a stopped leader refuses, its standbys say so, and it comes back on its port", async () => {
  await using marathon = await startMarathon({ members: 2 });
  await marathon.stopMember(0);
  await assert.rejects(ask(marathon, "/ping"), (error: Error) =>
    String(error.cause).includes("ECONNREFUSED"),
  );
  const through = await ask(marathon, "/ping", { member: 1 });
  assert.deepEqual(
    [through.status, /Connection to leader refused/.test(through.body["text"])],
    [502, true],
  );
  const before = marathon.urls;
  await marathon.startMember(0);
  assert.deepEqual(marathon.urls, before);
  assert.equal((await ask(marathon, "/ping", { member: 1 })).status, 200);
});

test("DELETE /v2/leader hands leadership to the next running member", async () => {
  await using marathon = await startMarathon({ members: 3, abdicationMs: 1, electionGapMs: 1 });
  await marathon.stopMember(1);
  const { status, body } = await ask(marathon, "/v2/leader", { method: "DELETE" });
  assert.deepEqual([status, body], [200, { message: "Leadership abdicated" }]);
  await eventually(() => marathon.leader === 2);
});

test("credentials guard every path, and the prefix is part of every path", async () => {
  const credentials = { user: "marathon", password: "secret" };
  await using marathon = await startMarathon({ credentials, pathPrefix: "/marathon" });
  const refused = await ask(marathon, "/ping");
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("www-authenticate"), 'basic realm="Mesosphere"');
  const authorization = `Basic ${Buffer.from("marathon:secret").toString("base64")}`;
  assert.equal((await ask(marathon, "/ping", { headers: { authorization } })).status, 200);
  assert.equal(marathon.requests.at(-1)?.authorization, authorization);
  const { origin } = new URL(marathon.urls[0] ?? "");
  assert.equal((await fetch(`${origin}/ping`, { headers: { authorization } })).status, 404);
});
