import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpReplica } from "../support/tcp-replica.ts";

/** What the replicas of a story do with a request. */
type Mood = "well" | "unwell" | "mute";

interface Story {
  readonly proxy: RunningProxy;
  readonly marathon: EmbeddedMarathon;
  readonly tasks: readonly string[];
  /** From now on so many of the six, the first ones, are in this mood. */
  readonly turn: (count: number, mood: Mood) => void;
  /** Waits until so many of them are up; the reasons of all. */
  readonly up: (count: number) => Promise<readonly string[]>;
}

/** Six replicas of one app behind a proxy that asks each for a page every second. */
async function withSix(tell: (story: Story) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const marathon = stack.use(await startMarathon());
  const port = await freePort();
  const check = { portIndex: 0, intervalSeconds: 1, timeoutSeconds: 1, maxConsecutiveFailures: 2 };
  marathon.putApp({ ...app("/demo/web", port), healthChecks: [{ protocol: "HTTP", ...check }] });
  const moods = Array<Mood>(6).fill("well");
  const tasks: string[] = [];
  for (const index of moods.keys()) {
    const replica = stack.use(
      await TcpReplica.start((socket) => {
        const mood = moods[index];
        if (mood === "mute") return;
        const status = mood === "unwell" ? "503 Service Unavailable" : "200 OK";
        socket.once("data", () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`));
      }),
    );
    tasks.push(place(marathon, "/demo/web", replica.port));
  }
  const args = ["--marathon", marathon.urls[0] ?? "", "--check-fast-interval", "100ms"];
  const proxy = stack.use(await RunningProxy.start(args));
  await proxy.ready();
  const up: Story["up"] = async (count) => {
    const { replicas } = await proxy.service(port, (service) => {
      const working = service.replicas.filter(({ state }) => state === "up");
      return service.replicas.length === 6 && working.length === count;
    });
    return replicas.map(({ reason }) => reason);
  };
  await up(6);
  // Asked by now, so that what fails from here on was well before.
  const good = { result: "ok" };
  await eventually(async () => ((await proxy.metric("portolan_checks_total", good)) ?? 0) >= 6);
  await tell({
    proxy,
    marathon,
    tasks,
    turn: (count, mood) => moods.fill(mood, 0, count),
    up,
  });
}

async function isDoubted(proxy: RunningProxy, what: RegExp): Promise<void> {
  await eventually(async () => what.test(await proxy.text("/api/problems")), {
    withinMs: 20_000,
    what: `a problem ${String(what)}`,
  });
  assert.match(await proxy.text("/status?details"), /^OK\n[^]*held-back/);
  assert.equal(await proxy.metric("portolan_problems", { kind: "held-back" }), 1);
}

async function isCertain(proxy: RunningProxy): Promise<void> {
  await eventually(async () => !(await proxy.text("/api/problems")).includes("held-back"));
  assert.equal((await proxy.metric("portolan_problems", { kind: "held-back" })) ?? 0, 0);
}

test("most replicas falling silent at once stay in use, which is a problem everywhere until they answer again", async () => {
  await withSix(async ({ proxy, turn, up }) => {
    turn(5, "mute");
    await isDoubted(proxy, /5 of 6 replicas fail their probes at once/);
    const reasons = await up(6);
    assert.equal(reasons.filter((reason) => reason.startsWith("held up: most probes")).length, 5);
    assert.match(
      await proxy.text("/api/explain/demo/web"),
      /held up: most probes fail at once; L7TOUT/,
    );
    turn(5, "well");
    await isCertain(proxy);
    await up(6);
  });
});

test("most replicas saying no at once are believed", async () => {
  await withSix(async ({ proxy, turn, up }) => {
    turn(4, "unwell");
    const reasons = await up(2);
    assert.equal(reasons.filter((reason) => reason.startsWith("probe L7STS/503")).length, 4);
    assert.doesNotMatch(await proxy.text("/api/problems"), /held-back/);
  });
});

test("a Marathon that calls every replica unhealthy while each answers us is doubted until it says otherwise", async () => {
  await withSix(async ({ proxy, marathon, tasks, up }) => {
    for (const task of tasks) marathon.setHealth(task, false);
    await isDoubted(
      proxy,
      /marathon calls [456] of [456] replicas down at once that our probes find well/,
    );
    for (const task of tasks) marathon.setHealth(task, true);
    await isCertain(proxy);
    await up(6);
  });
});
