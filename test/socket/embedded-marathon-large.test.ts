import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../../src/demo/marathon/cluster.ts";
import { rulesOf } from "../../src/demo/marathon/dialect.ts";
import { RenderedLists } from "../../src/demo/marathon/rendered-lists.ts";
import { loadSynthetic } from "../../src/demo/marathon/synthetic.ts";
import { Tasks } from "../../src/demo/marathon/tasks.ts";
import { type Json, ask, startMarathon } from "./embedded-marathon-support.ts";

test("a cluster of 1000 apps and 10 000 tasks is listed in full, with what was asked of its tasks", async () => {
  await using marathon = await startMarathon({ members: 2 });
  const hostOf = (app: number, task: number): string => `127.0.${app % 250}.${task + 1}`;
  const portOf = (app: number): number => 20_000 + app;
  marathon.loadSynthetic({ apps: 1000, tasksPerApp: 10, hostOf, portOf, padBytesPerTask: 3000 });
  const response = await fetch(`${marathon.urls[1]}/v2/apps?embed=apps.tasks`);
  const text = await response.text();
  assert.ok(text.length > 35_000_000 && text.length < 42_000_000, `${text.length} bytes`);
  assert.equal(response.headers.get("content-length"), null);
  const { apps }: { readonly apps: readonly Json[] } = JSON.parse(text);
  assert.equal(apps.length, 1000);
  assert.equal(apps.flatMap((app) => app["tasks"]).length, 10_000);
  const task = apps[7]?.["tasks"][3];
  assert.deepEqual(
    [task.host, task.ports, task.healthCheckResults[0].alive],
    ["127.0.7.4", [20_007], true],
  );
});

test("an unchanged list is the same bytes; a changed one renders only what changed", async () => {
  const rules = rulesOf("1.10");
  const cluster = new Cluster({ rules, clock: Date.now, random: Math.random });
  loadSynthetic(cluster, { apps: 3, tasksPerApp: 2 });
  const lists = new RenderedLists(rules);
  const embed = { tasks: true, lastTaskFailure: false, readiness: false };
  const query = { key: "all", embed, selects: () => true };
  const first = lists.apps(cluster.state, query);
  assert.equal(lists.apps(cluster.state, query), first);
  const task = [...cluster.state.apps.values()][1]?.tasks[0];
  new Tasks(cluster).setHealth(task?.id ?? "", false);
  const second = lists.apps(cluster.state, query);
  const alive = (body: Buffer): readonly boolean[] =>
    JSON.parse(body.toString()).apps.map(
      (app: Json) => app["tasks"][0].healthCheckResults[0].alive,
    );
  assert.deepEqual(
    [alive(first), alive(second)],
    [
      [true, true, true],
      [true, false, true],
    ],
  );
});

test("gzip is for JSON of releases that know it, and holds the same answer", async () => {
  const encoding = async (dialect: "1.1" | "1.10"): Promise<string | null> => {
    await using marathon = await startMarathon({ dialect });
    marathon.loadSynthetic({ apps: 2, tasksPerApp: 2 });
    const { headers, body } = await ask(marathon, "/v2/apps", {
      headers: { "accept-encoding": "gzip" },
    });
    assert.equal(body["apps"].length, 2);
    return headers.get("content-encoding");
  };
  assert.equal(await encoding("1.10"), "gzip");
  assert.equal(await encoding("1.1"), null);
});
