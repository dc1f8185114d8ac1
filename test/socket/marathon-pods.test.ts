import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { marathonSource, RunningSource } from "../support/running-source.ts";
import { app, json, ScriptedMarathon } from "../support/scripted-marathon.ts";

const pod = {
  id: "/pod",
  spec: {
    containers: [
      {
        name: "c",
        endpoints: [{ name: "web", hostPort: 0, labels: { "portolan.service-port": "81" } }],
      },
    ],
  },
  instances: [
    {
      id: "pod.instance-1",
      status: "STABLE",
      agentHostname: "127.0.0.1",
      containers: [
        {
          name: "c",
          status: "TASK_RUNNING",
          endpoints: [{ name: "web", allocatedHostPort: 31_001 }],
        },
      ],
    },
  ],
};
const appRoute = "/a:80 127.0.0.1:31000 up";
const podRoute = "/pod:81 127.0.0.1:31001 up";

/** Lists one app, and of pods what the test says. */
function serve(marathon: ScriptedMarathon, pods: unknown, status: number = 200): void {
  marathon.onApi = ({ url = "" }, response) => {
    if (url.startsWith("/v2/pods")) json(response, pods, status);
    else json(response, { apps: [app("/a", 80, [31_000])] });
  };
}

suite("pods", () => {
  test("are not asked for unless wanted", async () => {
    await using marathon = await ScriptedMarathon.start();
    serve(marathon, [pod]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    assert.deepEqual(running.routes, [appRoute]);
    assert.ok(!marathon.requests.some(({ path }) => path.startsWith("/v2/pods")));
  });

  test("stand beside the apps, and stay when only they cannot be read", async () => {
    await using marathon = await ScriptedMarathon.start();
    serve(marathon, [pod]);
    const source = marathonSource([marathon.url], { pods: true });
    await using running = new RunningSource(source);
    await running.have(1);
    assert.deepEqual(running.routes, [appRoute, podRoute]);
    serve(marathon, { message: "not now" }, 503);
    source.resync();
    await running.have(2);
    assert.deepEqual(running.routes, [appRoute, podRoute]);
    assert.equal(source.badAnswers.get("status"), 1);
    serve(marathon, []);
    source.resync();
    await running.have(3);
    assert.deepEqual(running.routes, [appRoute]);
  });

  test("of a Marathon that has none are no failure", async () => {
    await using marathon = await ScriptedMarathon.start();
    serve(marathon, "<html>", 404);
    const source = marathonSource([marathon.url], { pods: true });
    await using running = new RunningSource(source);
    await running.have(1);
    assert.deepEqual(running.routes, [appRoute]);
    assert.equal(source.badAnswers.size, 0);
  });
});
