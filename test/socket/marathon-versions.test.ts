import assert from "node:assert/strict";
import type http from "node:http";
import { suite, test } from "node:test";

import { marathonSource, RunningSource } from "../support/running-source.ts";
import { app, json, ScriptedMarathon, until } from "../support/scripted-marathon.ts";

const before = "2024-01-01T00:00:00.000Z";
const now = "2024-01-02T00:00:00.000Z";

interface Rollout {
  readonly id: string;
  readonly hostPort: number;
}

/** An app in the middle of a rollout: one task of each version, the current one with weight 1. */
function rollout({ id, hostPort }: Rollout): Record<string, unknown> {
  const made = app(id, 80, [hostPort, hostPort + 1]);
  const tasks: unknown = made["tasks"];
  const versions = [before, now];
  return {
    ...made,
    version: now,
    labels: { "portolan.0.weight": "1" },
    tasks: Array.isArray(tasks)
      ? tasks.map((task: object, index) => ({ ...task, version: versions[index] }))
      : [],
  };
}

function older(id: string, weight: string): object {
  return { ...app(id, 80, []), version: before, labels: { "portolan.0.weight": weight } };
}

/** Lists one app in a rollout; what its older version is, the test answers. */
function serveRollout(
  marathon: ScriptedMarathon,
  apps: readonly object[],
  onVersion: (path: string, response: http.ServerResponse) => void,
): void {
  marathon.onApi = ({ url = "" }, response) => {
    if (url.includes("/versions/")) onVersion(url, response);
    else json(response, { apps });
  };
}

function asked(marathon: ScriptedMarathon): readonly string[] {
  return marathon.requests.map(({ path }) => path).filter((path) => path.includes("/versions/"));
}

function weights(running: RunningSource): readonly (readonly number[])[] {
  return (running.last?.services ?? []).map(({ replicas }) => replicas.map(({ weight }) => weight));
}

suite("older versions of an app", () => {
  test("are read once, before the first state, for the tasks that run them", async () => {
    await using marathon = await ScriptedMarathon.start();
    serveRollout(marathon, [rollout({ id: "/demo/a", hostPort: 31_000 })], (_path, response) =>
      json(response, older("/demo/a", "900")),
    );
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.deepEqual(weights(running), [[1, 900]]);
    source.resync();
    await until(() => marathon.fetches === 2);
    await running.have(2);
    assert.deepEqual(weights(running), [[1, 900]]);
    assert.deepEqual(asked(marathon), [`/v2/apps/demo/a/versions/${before}`]);
  });

  test("that were seen in the list are not read at all", async () => {
    await using marathon = await ScriptedMarathon.start([
      { ...app("/a", 80, [31_000]), version: before, labels: { "portolan.0.weight": "900" } },
    ]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    serveRollout(marathon, [rollout({ id: "/a", hostPort: 31_000 })], (_path, response) =>
      json(response, {}, 500),
    );
    source.resync();
    await running.have(2);
    assert.deepEqual(weights(running), [[1, 900]]);
    assert.deepEqual(asked(marathon), []);
  });

  test("that Marathon has forgotten are not asked for again: the current definition serves", async () => {
    await using marathon = await ScriptedMarathon.start();
    serveRollout(marathon, [rollout({ id: "/a", hostPort: 31_000 })], (_path, response) =>
      json(response, { message: "no such version" }, 404),
    );
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.deepEqual(weights(running), [[1, 1]]);
    source.resync();
    await running.have(2);
    assert.equal(asked(marathon).length, 1);
    assert.equal(source.status().failures, 0);
  });

  for (const [name, status, body] of [
    ["an error", 503, { message: "no leader" }],
    ["the definition of another app", 200, { id: "/b" }],
    ["no definition", 200, []],
  ] as const) {
    test(`answered with ${name} are asked for again with the next list`, async () => {
      await using marathon = await ScriptedMarathon.start();
      const apps = [rollout({ id: "/a", hostPort: 31_000 })];
      serveRollout(marathon, apps, (_path, response) => json(response, body, status));
      const source = marathonSource([marathon.url]);
      await using running = new RunningSource(source);
      await running.have(1);
      assert.deepEqual(weights(running), [[1, 1]]);
      assert.equal(source.status().failures, 0, "the list itself is good");
      assert.equal(source.badAnswers.size, 1);
      serveRollout(marathon, apps, (_path, response) => json(response, older("/a", "900")));
      source.resync();
      await until(() => weights(running)[0]?.[1] === 900);
    });
  }

  test("do not hold up the first state: what comes late is told when it comes", async () => {
    await using marathon = await ScriptedMarathon.start();
    const held: http.ServerResponse[] = [];
    serveRollout(marathon, [rollout({ id: "/a", hostPort: 31_000 })], (_path, response) => {
      held.push(response);
    });
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    assert.deepEqual(weights(running), [[1, 1]]);
    assert.equal(held.length, 1);
    for (const response of held) json(response, older("/a", "900"));
    await until(() => weights(running)[0]?.[1] === 900);
  });

  test("are read four at a time", async () => {
    await using marathon = await ScriptedMarathon.start();
    const ids = Array.from({ length: 20 }, (_, index) => `/a${index}`);
    const apps = ids.map((id, index) => rollout({ id, hostPort: 31_000 + 2 * index }));
    const held: (() => void)[] = [];
    let most = 0;
    serveRollout(marathon, apps, (path, response) => {
      const id = ids.find((each) => path.includes(`${each}/`)) ?? "";
      held.push(() => json(response, older(id, "900")));
      most = Math.max(most, held.length);
      if (held.length === 4 || asked(marathon).length === ids.length)
        for (const answer of held.splice(0)) answer();
    });
    await using running = new RunningSource(marathonSource([marathon.url]));
    await until(
      () => weights(running).length === 20 && weights(running).every(([, old]) => old === 900),
    );
    assert.equal(most, 4);
    assert.equal(asked(marathon).length, 20);
  });

  test("are let go of when the source is stopped", async () => {
    await using marathon = await ScriptedMarathon.start();
    let closed = 0;
    serveRollout(marathon, [rollout({ id: "/a", hostPort: 31_000 })], (_path, response) => {
      response.on("close", () => (closed += 1));
    });
    {
      await using running = new RunningSource(marathonSource([marathon.url]));
      await until(() => asked(marathon).length === 1);
      assert.equal(running.states.length, 0);
    }
    await until(() => closed === 1);
  });
});
