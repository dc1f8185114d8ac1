import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

import { keepingLogger, marathonSource, RunningSource } from "../support/running-source.ts";
import {
  app,
  closedUrl,
  json,
  RawMarathon,
  ScriptedMarathon,
  taskId,
  until,
} from "../support/scripted-marathon.ts";

const attached = "event_stream_attached";

function killed(id: string, status: string = "TASK_KILLED"): object {
  return { taskId: id, taskStatus: status, timestamp: "2024-01-01T00:00:00.000Z" };
}

suite("reading Marathon", () => {
  test("yields every service at the start, without waiting for the stream", async () => {
    await using marathon = await ScriptedMarathon.start([
      app("/demo/webapp", 1234, [31000, 31001]),
    ]);
    marathon.onEvents = () => {};
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    assert.deepEqual(running.routes, [
      "/demo/webapp:1234 127.0.0.1:31000 up",
      "/demo/webapp:1234 127.0.0.1:31001 up",
    ]);
    assert.equal(marathon.requests[0]?.query.get("embed"), "apps.tasks");
    assert.equal(marathon.requests[0]?.headers["accept-encoding"], "identity");
  });

  test("keeps a path prefix, for the stream too", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    await using running = new RunningSource(marathonSource([new URL("/service/m/", marathon.url)]));
    await running.have(1);
    await until(() => marathon.streams === 1);
    assert.deepEqual(marathon.requests.map(({ path }) => path).toSorted(), [
      "/service/m/v2/apps",
      "/service/m/v2/events",
    ]);
  });

  test("joins /v2/tasks when the apps come without their tasks", async () => {
    await using marathon = await ScriptedMarathon.start();
    const { tasks, ...bare } = app("/a", 80, [31000]);
    const listed = [
      { ...(Array.isArray(tasks) ? tasks[0] : {}), appId: "/a", servicePorts: [80] },
      {
        id: "b.1",
        appId: "/b",
        host: "127.0.0.1",
        ports: [31001],
        servicePorts: [81],
        state: "TASK_RUNNING",
      },
    ];
    marathon.onApi = ({ url }, response) =>
      json(response, url?.startsWith("/v2/tasks") ? { tasks: listed } : { apps: [bare] });
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31000 up", "/b:81 127.0.0.1:31001 up"]);
  });

  test("follows a standby's redirect to a configured host, but to no other", async () => {
    await using leader = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    await using standby = await ScriptedMarathon.start();
    standby.onApi = ({ url }, response) => {
      response.writeHead(307, { location: new URL(url ?? "/", leader.url).href }).end();
    };
    await using followed = new RunningSource(marathonSource([standby.url]));
    await followed.have(1);
    assert.deepEqual(followed.routes, ["/a:80 127.0.0.1:31000 up"]);

    const foreign = new URL(standby.url);
    foreign.hostname = "localhost";
    const source = marathonSource([foreign]);
    await using refused = new RunningSource(source);
    await until(() => source.status().failures > 1);
    assert.equal(refused.states.length, 0);
    assert.ok((source.badAnswers.get("redirect") ?? 0) > 1);
  });

  test("asks the next member in the same turn, and stays with the one that answers", async () => {
    await using good = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    await using bad = await ScriptedMarathon.start();
    bad.onApi = (_request, response) => json(response, { message: "no leader" }, 503);
    const source = marathonSource([await closedUrl(), bad.url, good.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.equal(source.status().endpoint, good.url.href.replace(/\/$/, ""));
    assert.equal(source.status().failures, 0);
    source.resync();
    await running.have(2);
    assert.equal(bad.fetches, 1, "the good one is asked first now");
    good.onApi = (_request, response) => json(response, {}, 500);
    bad.serve([app("/a", 80, [31009])]);
    source.resync();
    await running.have(3);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31009 up"]);
  });

  test("reads again every interval, though nothing is heard (M11)", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    await using running = new RunningSource(
      marathonSource([marathon.url], { refreshIntervalMs: 20 }),
    );
    await running.have(4);
    assert.ok(marathon.fetches >= 4);
  });

  test("goes on trying after a failure, says so once per change, and keeps what it knows", async () => {
    const lines: string[] = [];
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    const source = marathonSource([marathon.url], { logger: keepingLogger(lines) });
    await using running = new RunningSource(source);
    await running.have(1);
    marathon.onApi = (_request, response) => json(response, { message: "down" }, 502);
    source.resync();
    await until(() => source.status().failures >= 3);
    assert.equal(running.states.length, 1);
    assert.match(source.status().lastError ?? "", /status: http 502/);
    marathon.serve([]);
    await running.have(2);
    assert.equal(source.status().lastError, undefined);
    const told = lines.filter((line) => line.includes("read"));
    assert.deepEqual(
      told.map((line) => line.split(" {")[0]),
      ["warn marathon cannot be read, what is known stays", "info marathon can be read again"],
    );
  });
});

suite("credentials", () => {
  test("of the URL are sent, and never shown", async () => {
    const lines: string[] = [];
    await using marathon = await ScriptedMarathon.start([]);
    const url = new URL(marathon.url);
    url.username = "ann";
    url.password = "s3cret";
    const source = marathonSource([url], { logger: keepingLogger(lines) });
    await using running = new RunningSource(source);
    await running.have(1);
    await until(() => marathon.streams === 1);
    const basic = `Basic ${Buffer.from("ann:s3cret").toString("base64")}`;
    assert.ok(marathon.requests.every(({ headers }) => headers.authorization === basic));
    marathon.onApi = (_request, response) => json(response, {}, 401);
    source.resync();
    await until(() => source.badAnswers.has("auth"));
    assert.ok(!JSON.stringify([lines, source.status()]).includes("s3cret"));
  });

  test("of the file are read at each request", async () => {
    const folder = await mkdtemp(join(tmpdir(), "auth-"));
    try {
      const authFile = join(folder, "auth");
      await writeFile(authFile, "token=one\n");
      await using marathon = await ScriptedMarathon.start([]);
      const source = marathonSource([marathon.url], { authFile });
      await using running = new RunningSource(source);
      await running.have(1);
      await writeFile(authFile, "token=two\n");
      source.resync();
      await running.have(2);
      const sent = marathon.requests
        .filter(({ path }) => path === "/v2/apps")
        .map(({ headers }) => headers.authorization);
      assert.equal(sent[0], "token=one");
      assert.equal(sent.at(-1), "token=two");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

suite("an event", () => {
  test("that a task ends takes it out before any fetch, and a stale one does not bring it back", async () => {
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000, 31001])]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    await until(() => marathon.streams === 1);
    const held: http.ServerResponse[] = [];
    marathon.onApi = (_request, response) => held.push(response);
    const id = taskId("/a", 31000);
    marathon.send("status_update_event", killed(id));
    await until(() => running.routes.length === 1);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31001 up"]);
    assert.ok(running.last?.confirmedGone.has(id));
    const { length } = running.states;
    await until(() => held.length === 1);
    for (const response of held) json(response, { apps: [app("/a", 80, [31000, 31001])] });
    await running.have(length + 1);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31001 up"]);
  });

  test("confirms no loss: what it makes of the last list is told as that list's (M06)", async () => {
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000, 31001])]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    await until(() => marathon.streams === 1);
    // From now on no list is answered: there are only events.
    marathon.onApi = () => {};
    marathon.send("status_update_event", killed(taskId("/a", 31000)));
    await until(() => running.routes.length === 1);
    const look = running.last?.look;
    assert.equal(typeof look, "number");
    marathon.send("status_update_event", killed(taskId("/a", 31001)));
    await until(() => running.routes.length === 0);
    assert.equal(running.last?.look, look);
  });

  test("that a task is being killed drains it before the fetch", async () => {
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000, 31001])]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    await until(() => marathon.streams === 1);
    marathon.onApi = () => {};
    marathon.send("status_update_event", killed(taskId("/a", 31001), "TASK_KILLING"));
    await until(() => running.routes.some((route) => route.endsWith("draining")));
    assert.deepEqual(running.routes, [
      "/a:80 127.0.0.1:31000 up",
      "/a:80 127.0.0.1:31001 draining",
    ]);
  });

  test("that an app is gone takes it out before the fetch", async () => {
    await using marathon = await ScriptedMarathon.start([
      app("/a", 80, [31000]),
      app("/b", 81, [31001]),
    ]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    await until(() => marathon.streams === 1);
    marathon.onApi = () => {};
    marathon.send("app_terminated_event", { appId: "/a" });
    await until(() => running.last?.services.length === 1);
    assert.deepEqual(running.routes, ["/b:81 127.0.0.1:31001 up"]);
    assert.ok(running.last?.confirmedGone.has("/a"));
  });

  test("leads to a fetch, fifty of them to few, and a last one confirms (R06)", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await until(() => marathon.streams === 1);
    marathon.send(attached);
    await running.have(2);
    const before = marathon.fetches;
    for (let index = 0; index < 50; index += 1) marathon.send("deployment_success", {});
    await until(() => marathon.fetches >= before + 2);
    assert.ok(marathon.fetches <= before + 10, `${marathon.fetches - before} fetches`);
  });

  test("during a fetch leads to another one, and never to two at once", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    await using running = new RunningSource(marathonSource([marathon.url]));
    await running.have(1);
    await until(() => marathon.streams === 1);
    const held: http.ServerResponse[] = [];
    marathon.onApi = (_request, response) => held.push(response);
    marathon.send("deployment_success", {});
    await until(() => held.length === 1);
    marathon.serve([app("/late", 80, [31000])]);
    marathon.send("deployment_success", {});
    await until(() => running.states.length > 0);
    assert.equal(held.length, 1);
    json(held[0] ?? assert.fail("no fetch"), { apps: [] });
    await until(() => running.routes.includes("/late:80 127.0.0.1:31000 up"));
  });

  test("that our own stream is attached leads to a fetch; that another one is leads to none", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    await until(() => marathon.streams === 1);
    const before = marathon.fetches;
    marathon.send(attached);
    await until(() => marathon.fetches > before);
    await until(() => source.status().syncs === marathon.fetches);
    const { fetches } = marathon;
    for (let index = 0; index < 5; index += 1) {
      marathon.send(attached);
      await until(() => source.status().events === index + 2);
      // A round trip of our own, which a fetch for this event would have been ahead of.
      await (await fetch(new URL("/ping", marathon.url))).text();
      assert.equal(marathon.fetches, fetches);
    }
  });
});

suite("the end", () => {
  test("comes at the abort, at once, with nothing yielded and nothing left open", async () => {
    await using marathon = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    await using hanging = await RawMarathon.start(() => {});
    for (const url of [marathon.url, hanging.url]) {
      const resources = process
        .getActiveResourcesInfo()
        .filter((name) => !name.startsWith("TCP")).length;
      const running = new RunningSource(marathonSource([url]));
      await until(() => marathon.streams === 1 || hanging.asked === 1);
      const { length } = running.states;
      await running[Symbol.asyncDispose]();
      assert.ok(running.states.length <= length + 1);
      await until(() => marathon.streams === 0);
      const left = running.states.length;
      marathon.send("app_terminated_event", { appId: "/a" });
      await new Promise<void>((resolve) => setImmediate(resolve));
      assert.equal(running.states.length, left);
      await until(
        () =>
          process.getActiveResourcesInfo().filter((name) => !name.startsWith("TCP")).length <=
          resources,
      );
    }
  });

  test("before the start yields nothing and asks nothing", async () => {
    await using marathon = await ScriptedMarathon.start([]);
    for await (const state of marathonSource([marathon.url]).run(AbortSignal.abort()))
      assert.fail(JSON.stringify(state));
    assert.equal(marathon.requests.length, 0);
  });
});
