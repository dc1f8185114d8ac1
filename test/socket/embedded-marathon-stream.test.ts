import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Json, RawClient, fixture, startMarathon } from "./embedded-marathon-support.ts";

test("the head is close-delimited and out before anything happens", async () => {
  await using marathon = await startMarathon({ attachDelayMs: 600_000 });
  using client = RawClient.stream(marathon.urls[0] ?? "");
  await eventually(() => client.head !== "");
  const names = (head: string): readonly string[] =>
    head
      .split("\r\n")
      .slice(1, -2)
      .map((line) => line.split(":")[0] ?? "");
  const want = names(fixture("jetty.full-response.http.txt").split("\n\r\n")[0] + "\n\r\n");
  for (const name of want.map((line) => line.trim()))
    assert.ok(names(client.head).includes(name), name);
  assert.match(client.head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(client.head, /\r\nContent-Type: text\/event-stream;charset=utf-8\r\n/);
  assert.match(client.head, /\r\nConnection: close\r\n/);
  assert.doesNotMatch(client.head, /content-length|transfer-encoding/i);
  assert.equal(client.body, "");
});

test("frames are event, data and an empty line, each ended by CRLF, the own attachment first", async () => {
  await using marathon = await startMarathon();
  using client = RawClient.stream(marathon.urls[0] ?? "");
  await client.have("event_stream_attached");
  marathon.emit({ eventType: "app_terminated_event", appId: "/ä" });
  await client.have("app_terminated_event");
  const body = Buffer.from(client.body, "latin1").toString("utf8");
  assert.match(
    body,
    /^event: event_stream_attached\r\ndata: \{"remoteAddress":"127\.0\.0\.1","eventType":"event_stream_attached","timestamp":"[^"]+"\}\r\n\r\nevent: app_terminated_event\r\ndata: \{"eventType":"app_terminated_event","appId":"\/ä"\}\r\n\r\n$/,
  );
});

test("a heartbeat is a CR and an LF in separate reads", async () => {
  await using marathon = await startMarathon({ heartbeatMs: 5 });
  using client = RawClient.stream(marathon.urls[0] ?? "", "?event_type=none");
  // Two reads can melt into one on a busy machine, so many heartbeats are looked at.
  await eventually(() => client.reads.includes("\r") && client.reads.includes("\n"));
  assert.match(client.body, /^(?:\r\n)+\r?$/);
});

test("event_type repeats, matches exactly, and an empty one matches nothing", async () => {
  await using marathon = await startMarathon();
  const [url = ""] = marathon.urls;
  using chosen = RawClient.stream(url, "?event_type=a&event_type=b");
  using joined = RawClient.stream(url, "?event_type=a,b");
  using none = RawClient.stream(url, "?event_type=");
  using all = RawClient.stream(url);
  await eventually(() => marathon.streams === 4);
  for (const eventType of ["a", "b", "c"]) marathon.emit({ eventType });
  await all.have("c");
  await chosen.have("b");
  assert.deepEqual(chosen.types, ["a", "b"]);
  assert.deepEqual([joined.body, none.body], ["", ""]);
});

test("1.1 knows no filter", async () => {
  await using marathon = await startMarathon({ dialect: "1.1" });
  using client = RawClient.stream(marathon.urls[0] ?? "", "?event_type=b");
  await client.have("event_stream_attached");
});

for (const accept of ["text/event-stream, */*", "text/event-stream;charset=utf-8", "*/*"]) {
  test(`Accept: ${accept} is answered with 405 and a page`, async () => {
    await using marathon = await startMarathon();
    using client = RawClient.stream(marathon.urls[0] ?? "", "", accept);
    await eventually(() => client.body.includes("</html>"));
    assert.match(client.head, /^HTTP\/1\.1 405 [^]*Content-Type: text\/html/);
    assert.match(client.body, /HTTP method GET is not supported by this URL/);
    assert.equal(marathon.streams, 0);
  });
}

test("each line of several Accept headers is looked at", async () => {
  await using marathon = await startMarathon();
  using client = RawClient.stream(marathon.urls[0] ?? "", "", "*/*\r\nAccept: text/event-stream");
  await client.have("event_stream_attached");
});

test("another client's coming and going is told to the others", async () => {
  await using marathon = await startMarathon();
  const [url = ""] = marathon.urls;
  using first = RawClient.stream(url);
  await first.have("event_stream_attached");
  {
    using second = RawClient.stream(url);
    await second.have("event_stream_attached");
  }
  await first.have("event_stream_detached");
  assert.deepEqual(first.types, [
    "event_stream_attached",
    "event_stream_attached",
    "event_stream_detached",
  ]);
});

test("heavy plans carry both trees, unless a light plan is asked for or the release knows no other", async () => {
  const plans = async (
    dialect: "1.1" | "1.5" | "1.10",
    query: string,
  ): Promise<readonly string[]> => {
    await using marathon = await startMarathon({ dialect });
    using client = RawClient.stream(marathon.urls[0] ?? "", query);
    await client.have("event_stream_attached");
    marathon.putApp({ id: "/a" });
    const { plan } = await client.have("deployment_success");
    return Object.keys(plan);
  };
  const heavy = ["id", "original", "target", "steps", "version"];
  const light = ["id", "steps", "version"];
  assert.deepEqual(await plans("1.1", "?plan-format=light"), heavy);
  assert.deepEqual(await plans("1.5", ""), heavy);
  assert.deepEqual(await plans("1.5", "?plan-format=light"), light);
  assert.deepEqual(await plans("1.10", ""), light);
});

const bulk = "x".repeat(256 * 1024);

test("from 1.8 a slow client's stream is closed", async () => {
  await using marathon = await startMarathon({ outstandingEvents: 5 });
  using client = RawClient.stream(marathon.urls[0] ?? "");
  await client.have("event_stream_attached");
  client.socket.pause();
  await eventually(() => {
    marathon.emit({ eventType: "big", bulk });
    return marathon.streams === 0;
  });
  client.socket.resume();
  await client.closed();
});

test("before 1.8 a slow client loses the newest events and keeps its stream", async () => {
  await using marathon = await startMarathon({ dialect: "1.5", outstandingEvents: 5 });
  using client = RawClient.stream(marathon.urls[0] ?? "");
  await client.have("event_stream_attached");
  client.socket.pause();
  const sent = 200;
  for (let count = 0; count < sent; count += 1) {
    marathon.emit({ eventType: "big", count, bulk });
    // Lets the kernel take what it can before the next one.
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.resume();
  await eventually(() => {
    marathon.emit({ eventType: "after" });
    return client.types.includes("after");
  });
  const counts = client.events
    .filter((event) => event["eventType"] === "big")
    .map((event) => event["count"]);
  assert.ok(counts.length < sent, `${counts.length} of ${sent} arrived`);
  assert.deepEqual(counts.slice(0, 5), [0, 1, 2, 3, 4]);
  assert.equal(marathon.streams, 1);
});

test("ids and keys of task events follow the release", async () => {
  const eventsOf = async (dialect: "1.1" | "1.4" | "1.10"): Promise<readonly Json[]> => {
    await using marathon = await startMarathon({ dialect });
    marathon.putApp({ id: "/a", healthChecks: [{ protocol: "TCP" }] });
    using client = RawClient.stream(marathon.urls[0] ?? "");
    await client.have("event_stream_attached");
    const { id } = marathon.addTask("/a", { host: "10.0.0.1", ports: [1], health: true });
    marathon.setHealth(id, false);
    marathon.setHealth(id, null);
    await marathon.killTask(id, { unhealthy: "500", killing: true });
    marathon.emit({ eventType: "end" });
    await client.have("end");
    return client.events.slice(1, -1);
  };
  const summary = (events: readonly Json[]): readonly string[] =>
    events.map((event) =>
      `${event["eventType"]} ${event["taskStatus"] ?? event["condition"] ?? event["alive"] ?? event["healthy"] ?? ""}`.trim(),
    );
  assert.deepEqual(summary(await eventsOf("1.1")), [
    "status_update_event TASK_RUNNING",
    "health_status_changed_event true",
    "failed_health_check_event",
    "health_status_changed_event false",
    "unhealthy_task_kill_event",
    "status_update_event TASK_KILLING",
    "status_update_event TASK_KILLED",
  ]);
  const fromFour = await eventsOf("1.4");
  assert.deepEqual(summary(fromFour).slice(0, 5), [
    "instance_changed_event Created",
    "status_update_event TASK_RUNNING",
    "instance_changed_event Running",
    "health_status_changed_event true",
    "instance_health_changed_event true",
  ]);
  assert.ok(summary(fromFour).includes("unhealthy_instance_kill_event"));
  assert.match(fromFour[3]?.["instanceId"], /^a\.marathon-/);
  const latest = await eventsOf("1.10");
  const unknown = latest.findLast(
    (event) => event["eventType"] === "instance_health_changed_event",
  );
  assert.equal(unknown?.["healthy"], null);
  const failed = latest.find((event) => event["eventType"] === "failed_health_check_event");
  assert.match(failed?.["taskId"], /^a\.instance-[0-9a-f-]{36}$/);
});

test("changes made silently send nothing", async () => {
  await using marathon = await startMarathon();
  using client = RawClient.stream(marathon.urls[0] ?? "");
  await client.have("event_stream_attached");
  marathon.silently(() => marathon.putApp({ id: "/a" }));
  marathon.emit({ eventType: "end" });
  await client.have("end");
  assert.deepEqual(client.types, ["event_stream_attached", "end"]);
  assert.ok(marathon.app("/a"));
});
