import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readEvent } from "../../src/discovery/marathon/events.ts";
import { marathonSource, RunningSource } from "../support/running-source.ts";
import { app, ScriptedMarathon, until } from "../support/scripted-marathon.ts";

const name = fc.oneof(
  fc.constantFrom(
    "message",
    "status_update_event",
    "app_terminated_event",
    "__proto__",
    "toString",
  ),
  fc.string(),
);

test("whatever an event is called and holds, it is understood or left alone (M19)", () => {
  const field = fc.constantFrom("taskId", "appId", "taskStatus", "timestamp", "plan", "eventType");
  const payload = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(field, fc.jsonValue()).map((value) => JSON.stringify(value)),
    fc.constantFrom("", "null", "[", '{"a":1}\r\n{"b":2}', undefined, 7, {}),
  );
  fc.assert(
    fc.property(name, payload, (type, data) => {
      const event = readEvent(type, data);
      if (event?.kind === "task")
        assert.ok(event.task !== undefined || event.instance !== undefined);
    }),
    { numRuns: 2000 },
  );
});

/** Lines as a stream may have them, good, odd and broken. */
const line = fc.oneof(
  fc.constantFrom(
    "data:{}",
    "data: {",
    "data",
    ":comment",
    "event:status_update_event",
    "event:",
    "retry: 0",
    "retry: 999999999",
    "retry: x",
    "id: \u0000",
    "\uFEFFdata: x",
    "field without colon",
    'data: {"eventType":"status_update_event"}',
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const ending = fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n");

test("whatever bytes come on a stream, the next good event is heard (M19)", async () => {
  const lines = fc.array(fc.tuple(line, ending), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 50 }), async (parts, size) => {
      await using marathon = await ScriptedMarathon.start([app("/a", 80, [31_000])]);
      const source = marathonSource([marathon.url]);
      await using _ = new RunningSource(source);
      await until(() => source.status().connected && marathon.streams > 0);
      const text = parts.map(([content, end]) => content + end).join("");
      for (let at = 0; at < text.length; at += size) marathon.write(text.slice(at, at + size));
      marathon.write("\n\n");
      const before = source.status().events;
      const looks = marathon.fetches;
      marathon.send("status_update_event", { appId: "/a", taskStatus: "TASK_STAGING" });
      await until(() => source.status().events > before && marathon.requests.length > looks);
      assert.equal(source.status().reconnects, 0, "the stream was given up");
    }),
    { numRuns: 40 },
  );
});
