import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { startMarathon } from "../support/marathon.ts";
import { keepingLogger, marathonSource, RunningSource } from "../support/running-source.ts";
import { app, json, RawMarathon, ScriptedMarathon, until } from "../support/scripted-marathon.ts";

suite("a member that asks to be left alone (M04)", () => {
  test("is asked again after that, and not before", async () => {
    await using marathon = await ScriptedMarathon.start();
    const askedAt: number[] = [];
    marathon.onApi = (_request, response) => {
      askedAt.push(performance.now());
      response.setHeader("retry-after", "1");
      if (askedAt.length === 1) json(response, {}, 503);
      else json(response, { apps: [app("/a", 80, [31000])] });
    };
    const source = marathonSource([marathon.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    const [first = 0, second = 0] = askedAt;
    assert.ok(second - first >= 1000, `${second - first} ms`);
    assert.ok(source.status().failures > 1, "it went on trying, without a request");
  });

  test("does not keep the next one from being asked", async () => {
    await using busy = await ScriptedMarathon.start();
    busy.onApi = (_request, response) => {
      response.setHeader("retry-after", "3600");
      json(response, {}, 429);
    };
    await using other = await ScriptedMarathon.start([app("/a", 80, [31000])]);
    const source = marathonSource([busy.url, other.url]);
    await using running = new RunningSource(source);
    await running.have(1);
    source.resync();
    await until(() => source.status().syncs > 1);
    assert.equal(busy.fetches, 1);
    assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31000 up"]);
  });
});

test("a body that drips is given up long before its request's time is (M13)", async () => {
  const text = JSON.stringify({ apps: [] });
  await using drip = await RawMarathon.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length + 100_000}\r\n\r\n${text}`);
    const next = (): void => {
      if (socket.destroyed) return;
      socket.write(" ");
      setTimeout(next, 100);
    };
    next();
  });
  const source = marathonSource([drip.url], { totalTimeoutMs: 600_000 });
  await using running = new RunningSource(source);
  await until(() => source.status().failures > 0, 30_000);
  assert.deepEqual([...source.badAnswers.keys()], ["too-slow"]);
  assert.equal(running.states.length, 0);
});

test("a flood of events leads to few reads, and the last word counts (M21)", async () => {
  await using marathon = await startMarathon();
  const apps = Array.from({ length: 20 }, (_, index) => `/flood/app-${index}`);
  for (const id of apps) marathon.putApp({ id, portDefinitions: [{ port: 0 }] });
  await using running = new RunningSource(marathonSource([new URL(marathon.urls[0] ?? "")]));
  await running.have(1);
  await until(() => marathon.streams === 1);
  const before = marathon.requests.length;
  for (let round = 0; round < 500; round += 1) flood(marathon, apps, round);
  marathon.addTask("/flood/app-0", { host: "127.0.0.1", ports: [31_000] });
  await until(() => running.routes.length === 1);
  const reads = marathon.requests.length - before;
  assert.ok(reads <= 10, `${reads} reads`);
});

/** Events of every app, none of which changes anything. */
function flood(marathon: EmbeddedMarathon, apps: readonly string[], round: number): void {
  for (const appId of apps) {
    const taskId = `${appId.slice(1).replaceAll("/", "_")}.${round}`;
    const event = { appId, taskId, taskStatus: "TASK_STAGING", host: "127.0.0.1", ports: [1] };
    marathon.emit({ eventType: "status_update_event", ...event });
  }
}

test("an event that changes nothing leads to reads, and to no state", async () => {
  await using marathon = await startMarathon();
  marathon.putApp({ id: "/a", portDefinitions: [{ port: 80 }] });
  marathon.addTask("/a", { host: "127.0.0.1", ports: [31_000] });
  const source = marathonSource([new URL(marathon.urls[0] ?? "")]);
  await using running = new RunningSource(source);
  await until(() => source.status().syncs > 1 && marathon.streams === 1);
  const states = running.states.length;
  marathon.emit({ eventType: "status_update_event", appId: "/a", taskStatus: "TASK_STAGING" });
  const reads = (): number => marathon.requests.filter(({ path }) => path === "/v2/apps/a").length;
  await until(() => reads() === 2);
  marathon.addTask("/a", { host: "127.0.0.1", ports: [31_001] });
  await until(() => running.routes.length === 2);
  assert.equal(running.states.length, states + 1);
});

test("an answer that goes back in version changes nothing and is reported (M25)", async () => {
  const [old, young] = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"];
  await using marathon = await ScriptedMarathon.start([
    { ...app("/a", 80, [31002]), version: young },
  ]);
  const source = marathonSource([marathon.url]);
  await using running = new RunningSource(source);
  await running.have(1);
  marathon.serve([
    { ...app("/a", 80, [31001]), version: old },
    { ...app("/b", 81, [31003]), version: old },
  ]);
  source.resync();
  await until(() => running.routes.length === 2);
  assert.deepEqual(running.routes, ["/a:80 127.0.0.1:31002 up", "/b:81 127.0.0.1:31003 up"]);
  assert.deepEqual(
    running.last?.problems.map(({ kind, subject }) => [kind, subject]),
    [["held-back", "/a"]],
  );
  marathon.serve([{ ...app("/a", 80, [31004]), version: young }]);
  source.resync();
  await until(() => running.routes.join() === "/a:80 127.0.0.1:31004 up");
  assert.deepEqual(running.last?.problems, []);
});

test("Marathon away for long: nothing is yielded and nothing is lost, and then it is followed (M01)", async () => {
  await using marathon = await startMarathon();
  marathon.putApp({ id: "/a", portDefinitions: [{ port: 80 }] });
  marathon.addTask("/a", { host: "127.0.0.1", ports: [31_000] });
  const lines: string[] = [];
  const source = marathonSource([new URL(marathon.urls[0] ?? "")], {
    refreshIntervalMs: 20,
    logger: keepingLogger(lines),
  });
  await using running = new RunningSource(source);
  await until(() => running.routes.length === 1);
  await marathon.stopMember(0);
  await until(() => source.status().failures >= 10);
  const states = running.states.length;
  await until(() => source.status().failures >= 20);
  assert.equal(running.states.length, states);
  assert.equal(running.routes.length, 1);
  assert.equal(lines.filter((line) => line.includes("cannot be read")).length, 1);
  marathon.addTask("/a", { host: "127.0.0.1", ports: [31_001] });
  await marathon.startMember(0);
  await until(() => running.routes.length === 2);
});

test("a new leader's lists are told to be unsettled for a minute, and the first one's are not", async () => {
  await using marathon = await startMarathon({ members: 2 });
  const source = marathonSource(marathon.urls.map((url) => new URL(url)));
  await using running = new RunningSource(source);
  await running.have(1);
  source.resync();
  await running.have(2);
  assert.equal(running.last?.settlesAt, -Infinity);
  const before = performance.now();
  await marathon.electLeader(1);
  source.resync();
  await until(() => running.last?.settlesAt !== -Infinity);
  const settlesAt = running.last?.settlesAt ?? 0;
  assert.ok(settlesAt >= before + 60_000 && settlesAt <= performance.now() + 60_000);
});

suite("credentials over plain http", () => {
  for (const { name, login, want } of [
    { name: "are warned of, without telling them", login: "user:secret", want: 1 },
    { name: "that are not there are not", login: "", want: 0 },
  ]) {
    test(name, async () => {
      await using marathon = await ScriptedMarathon.start([]);
      const lines: string[] = [];
      const url = new URL(marathon.url);
      [url.username = "", url.password = ""] = login.split(":");
      await using running = new RunningSource(
        marathonSource([url], { logger: keepingLogger(lines) }),
      );
      await running.have(1);
      await delay(0);
      const warnings = lines.filter((line) => line.includes("plain http"));
      assert.equal(warnings.length, want);
      assert.doesNotMatch(lines.join(), /secret/);
    });
  }
});
