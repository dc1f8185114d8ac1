import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { withReplacedDraining } from "../../../../src/discovery/marathon/deployment-groups.ts";
import { parseApps, type WireApp } from "../../../../src/discovery/marathon/wire.ts";

interface Side {
  readonly id?: string;
  readonly tasks: number;
  /** How many of the tasks are healthy. Default: all. */
  readonly healthy?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

function side(colour: "blue" | "green", { id, tasks, healthy = tasks, labels = {} }: Side): object {
  return {
    id: id ?? `/shop/web-${colour}`,
    ports: [colour === "blue" ? 10_000 : 10_001],
    healthChecks: [{ protocol: "TCP" }],
    labels: {
      HAPROXY_0_PORT: "80",
      HAPROXY_DEPLOYMENT_GROUP: "web",
      HAPROXY_DEPLOYMENT_COLOUR: colour,
      HAPROXY_DEPLOYMENT_TARGET_INSTANCES: "4",
      HAPROXY_DEPLOYMENT_STARTED_AT:
        colour === "blue" ? "2024-01-01T00:00:00.000Z" : "2024-01-02T00:00:00.000Z",
      ...labels,
    },
    tasks: Array.from({ length: tasks }, (_, index) => ({
      id: `${colour}-${index}`,
      state: "TASK_RUNNING",
      healthCheckResults: [{ alive: index < healthy }],
    })),
  };
}

function parsed(...apps: readonly object[]): readonly WireApp[] {
  return parseApps({ apps })?.apps ?? [];
}

function draining(...apps: readonly object[]): readonly string[] {
  return withReplacedDraining(parsed(...apps)).flatMap(({ tasks }) =>
    (tasks ?? []).filter(({ state }) => state === "TASK_KILLING").map(({ id }) => id),
  );
}

suite("a deployment of two apps", () => {
  const rows: readonly (readonly [name: string, old: Side, fresh: Side, count: number])[] = [
    ["nothing is new yet", { tasks: 4 }, { tasks: 0 }, 0],
    ["the first new task is healthy", { tasks: 4 }, { tasks: 1 }, 1],
    ["new tasks are not healthy yet", { tasks: 4 }, { tasks: 3, healthy: 1 }, 1],
    ["half are new", { tasks: 4 }, { tasks: 2 }, 2],
    ["all are new", { tasks: 4 }, { tasks: 4 }, 4],
    ["more are new than old ones left", { tasks: 1 }, { tasks: 4 }, 1],
    ["there are not enough to spare one", { tasks: 2 }, { tasks: 2 }, 0],
    [
      "the number wanted is not told",
      { tasks: 4 },
      { tasks: 4, labels: { HAPROXY_DEPLOYMENT_TARGET_INSTANCES: "x" } },
      0,
    ],
    ["the service ports differ", { tasks: 4 }, { tasks: 4, labels: { HAPROXY_0_PORT: "81" } }, 0],
    ["the groups differ", { tasks: 4 }, { tasks: 4, labels: { HAPROXY_DEPLOYMENT_GROUP: "x" } }, 0],
    ["the folders differ", { tasks: 4 }, { tasks: 4, id: "/evil/web-green" }, 0],
  ];
  for (const [name, old, fresh, count] of rows) {
    test(`drains ${count} old tasks when ${name}`, () => {
      const want = Array.from({ length: count }, (_, index) => `blue-${index}`);
      assert.deepEqual(draining(side("blue", old), side("green", fresh)), want);
      assert.deepEqual(draining(side("green", fresh), side("blue", old)), want);
    });
  }

  test("leaves apps alone that have nothing to drain", () => {
    const apps = parsed(side("blue", { tasks: 4 }), { id: "/other", tasks: [] });
    assert.equal(withReplacedDraining(apps), apps);
    const moving = parsed(side("blue", { tasks: 4 }), side("green", { tasks: 1 }), {
      id: "/other",
    });
    const marked = withReplacedDraining(moving);
    assert.deepEqual(
      marked.map((app, index) => app === moving[index]),
      [false, true, true],
    );
  });

  test("is none while the apps do not share a port by label", () => {
    const apart = (colour: "blue" | "green"): object => {
      const made = side(colour, { tasks: 4 });
      return { ...made, labels: { HAPROXY_DEPLOYMENT_GROUP: "web" } };
    };
    assert.deepEqual(draining(apart("blue"), apart("green")), []);
  });

  test("does not count tasks that have ended or are being killed as new ones", () => {
    const fresh = parsed(side("green", { tasks: 2 }));
    const stopping = fresh.map((app) => ({
      ...app,
      tasks: app.tasks?.map((task, index) => ({
        ...task,
        state: index === 0 ? "TASK_KILLING" : "TASK_FAILED",
      })),
    }));
    const marked = withReplacedDraining([...parsed(side("blue", { tasks: 4 })), ...stopping]);
    assert.ok(marked[0]?.tasks?.every(({ state }) => state === "TASK_RUNNING"));
  });
});
