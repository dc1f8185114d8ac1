import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { fieldsOf, listOf } from "../../../../src/discovery/fields.ts";
import {
  appsOf,
  eventTypes,
  instanceOf,
  readEvent,
} from "../../../../src/discovery/marathon/events.ts";

const folder = new URL("../../../fixtures/marathon/", import.meta.url);

function recorded(file: string): string {
  return readFileSync(new URL(`events/${file}`, folder), "utf8");
}

function kindOf(type: string, fields: object): string {
  const event = readEvent(type, JSON.stringify(fields));
  return event?.kind === "task" ? `task ${event.state}` : (event?.kind ?? "nothing");
}

suite("a task's instance", () => {
  const uuid = "c7c311a4-b669-11e6-a48f-0ea4f4b1778c";
  const rows: readonly { readonly name: string; readonly task: string; readonly want: string }[] = [
    {
      name: "1.8+",
      task: `demo_webapp.instance-${uuid}._app.3`,
      want: `demo_webapp.instance-${uuid}`,
    },
    { name: "pod container", task: `pod.instance-${uuid}.web.1`, want: `pod.instance-${uuid}` },
    {
      name: "anonymous container",
      task: `pod.instance-${uuid}.$anon`,
      want: `pod.instance-${uuid}`,
    },
    { name: "legacy instance", task: `app.marathon-${uuid}._app.1`, want: `app.marathon-${uuid}` },
    { name: "≤1.7", task: `demo_webapp.${uuid}`, want: `demo_webapp.marathon-${uuid}` },
    {
      name: "≤1.7, dotted app",
      task: `demo_web.app.${uuid}`,
      want: `demo_web.app.marathon-${uuid}`,
    },
    { name: "≤1.7, resident", task: `db.${uuid}.2`, want: `db.marathon-${uuid}` },
    { name: "underscore before the uuid", task: `db_${uuid}`, want: `db.marathon-${uuid}` },
    { name: "nothing to part", task: "task", want: "task" },
  ];
  for (const { name, task, want } of rows) test(name, () => assert.equal(instanceOf(task), want));
});

suite("what an event says", () => {
  for (const status of [
    "KILLED",
    "FINISHED",
    "FAILED",
    "ERROR",
    "GONE",
    "GONE_BY_OPERATOR",
    "DROPPED",
  ]) {
    test(`a task that is ${status} has ended`, () => {
      assert.equal(
        kindOf("status_update_event", { taskId: "t", taskStatus: `TASK_${status}` }),
        "task ended",
      );
    });
  }
  for (const status of ["STAGING", "STARTING", "RUNNING", "LOST", "UNREACHABLE", "UNKNOWN"]) {
    test(`a task that is ${status} is worth a look`, () => {
      assert.equal(
        kindOf("status_update_event", { taskId: "t", taskStatus: `TASK_${status}` }),
        "changed",
      );
    });
  }
  for (const condition of ["Killed", "Failed", "Finished", "Error", "Gone", "Dropped"]) {
    test(`an instance that is ${condition} has ended`, () => {
      assert.equal(kindOf("instance_changed_event", { instanceId: "i", condition }), "task ended");
    });
  }
  for (const condition of [
    "Running",
    "Scheduled",
    "Unreachable",
    "UnreachableInactive",
    "Unknown",
    undefined,
  ]) {
    test(`an instance that is ${condition} is worth a look`, () => {
      assert.equal(kindOf("instance_changed_event", { instanceId: "i", condition }), "changed");
    });
  }

  const rows: readonly { readonly type: string; readonly fields: object; readonly want: string }[] =
    [
      {
        type: "status_update_event",
        fields: { taskId: "t", taskStatus: "TASK_KILLING" },
        want: "task killing",
      },
      { type: "status_update_event", fields: { taskStatus: "TASK_KILLED" }, want: "changed" },
      {
        type: "instance_changed_event",
        fields: { instanceId: "i", condition: "Killing" },
        want: "task killing",
      },
      { type: "event_stream_attached", fields: {}, want: "attached" },
      { type: "event_stream_detached", fields: {}, want: "nothing" },
      { type: "deployment_info", fields: {}, want: "nothing" },
      { type: "deployment_success", fields: {}, want: "changed" },
      { type: "app_terminated_event", fields: { appId: "/a" }, want: "app-gone" },
      { type: "app_terminated_event", fields: { appId: "/.." }, want: "changed" },
      { type: "api_post_event", fields: { appDefinition: null }, want: "changed" },
      { type: "group_change_success", fields: {}, want: "changed" },
      {
        type: "message",
        fields: { eventType: "app_terminated_event", appId: "/a" },
        want: "app-gone",
      },
      { type: "message", fields: { eventType: "constructor" }, want: "nothing" },
      { type: "message", fields: {}, want: "nothing" },
    ];
  for (const { type, fields, want } of rows) {
    test(`${type} ${JSON.stringify(fields)}`, () => assert.equal(kindOf(type, fields), want));
  }

  for (const data of ["", "{", "null", "[]", "7", undefined, "<html>"]) {
    test(`${JSON.stringify(data)} in place of a payload says only: look again`, () => {
      for (const type of eventTypes.slice(1))
        assert.deepEqual(readEvent(type, data), { kind: "changed" });
    });
  }
});

suite("recorded events", () => {
  const rows: readonly { readonly file: string; readonly type: string; readonly want: object }[] = [
    {
      file: "docs.unhealthy_instance_kill_event.json",
      type: "unhealthy_instance_kill_event",
      want: {
        kind: "task",
        state: "killing",
        task: "my-app_0-1396592784349",
        instance: "my-app.instance-c7c311a4-b669-11e6-a48f-0ea4f4b1778c",
        at: Date.parse("2016-03-21T09:15:10.764Z"),
        apps: ["/my-app"],
      },
    },
    {
      file: "constructed.unhealthy_task_kill_event.1.1.json",
      type: "unhealthy_task_kill_event",
      want: {
        kind: "task",
        state: "killing",
        task: "my-app.d35bf0f3-8a30-11e6-a4fe-dec283d23ff6",
        instance: undefined,
        at: Date.parse("2016-03-21T09:15:10.764Z"),
        apps: ["/my-app"],
      },
    },
    {
      file: "docs.unknown_instance_terminated_event.json",
      type: "unknown_instance_terminated_event",
      want: {
        kind: "task",
        state: "ended",
        task: undefined,
        instance: "my-app.instance-c7c311a4-b669-11e6-a48f-0ea4f4b1778c",
        at: Date.parse("2014-03-01T23:29:30.158Z"),
        apps: ["/app-id"],
      },
    },
    {
      file: "docs.instance_changed_event.json",
      type: "instance_changed_event",
      want: { kind: "changed", apps: ["/app-id"] },
    },
    {
      file: "docs.status_update_event.json",
      type: "status_update_event",
      want: { kind: "changed", apps: ["/my-app"] },
    },
    {
      file: "issue35.status_update_event.0.14.json",
      type: "status_update_event",
      want: { kind: "changed", apps: ["/prod/talkk/audit"] },
    },
    {
      file: "docs.app_terminated_event.json",
      type: "app_terminated_event",
      want: { kind: "app-gone", app: "/my-app", at: Date.parse("2014-03-01T23:29:30.158Z") },
    },
    {
      file: "docs.api_post_event.json",
      type: "api_post_event",
      want: { kind: "app-back", app: "/my-app" },
    },
    {
      file: "docs.group_change_success.json",
      type: "group_change_success",
      want: { kind: "group-changed", group: "/product-a/backend" },
    },
  ];
  for (const { file, type, want } of rows) {
    test(file, () => assert.deepEqual(readEvent(type, recorded(file)), want));
  }

  test("of a rolling restart name the one task that is replaced", () => {
    const replay = listOf(
      JSON.parse(readFileSync(new URL("sse/rolling-restart.1.8.json", folder), "utf8")),
    );
    const kinds = replay.map((payload) =>
      kindOf(String(fieldsOf(payload)["eventType"]), fieldsOf(payload)),
    );
    assert.deepEqual(
      kinds.filter((kind) => kind.startsWith("task")),
      ["task killing", "task ended"],
    );
  });
});

suite("which apps an event concerns", () => {
  const plan = (...actions: readonly object[]): object => ({ plan: { steps: [{ actions }] } });
  const rows: readonly (readonly [
    type: string,
    fields: object,
    want: readonly string[] | undefined,
  ])[] = [
    ["status_update_event", { appId: "/a", taskStatus: "TASK_RUNNING" }, ["/a"]],
    ["status_update_event", { appId: "/a", taskId: "t", taskStatus: "TASK_KILLED" }, ["/a"]],
    ["status_update_event", { appId: "/..", taskStatus: "TASK_RUNNING" }, undefined],
    ["health_status_changed_event", { appId: "a/b" }, ["/a/b"]],
    ["instance_health_changed_event", { runSpecId: "/a" }, ["/a"]],
    ["api_post_event", { appDefinition: { id: "/a" } }, ["/a"]],
    ["app_terminated_event", { appId: "/a" }, undefined],
    ["group_change_success", { groupId: "/" }, undefined],
    ["deployment_success", {}, undefined],
    ["deployment_success", plan(), undefined],
    [
      "deployment_success",
      plan({ action: "StartApplication", app: "/a" }, { action: "ScaleApplication", app: "/b" }),
      ["/a", "/b"],
    ],
    ["deployment_step_success", plan({ type: "ScaleApplication", app: "/a" }), ["/a"]],
    ["deployment_failed", plan({ app: "/a" }, { app: "/a" }, { pod: "/p" }), ["/a", "/p"]],
    ["deployment_success", plan({ app: "/a" }, { action: "ResolveArtifacts" }), undefined],
    ["deployment_success", { plan: { steps: "x" } }, undefined],
    ["event_stream_attached", {}, undefined],
  ];
  for (const [type, fields, want] of rows) {
    test(`${type} ${JSON.stringify(fields)}`, () => {
      const event = readEvent(type, JSON.stringify(fields));
      assert.ok(event);
      assert.deepEqual(appsOf(event), want);
    });
  }
});
