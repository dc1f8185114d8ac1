import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const root = new URL("../..", import.meta.url).pathname;

/** Who names the program's file, and why that is not to start it past `Program`, which looks at what must hold after every story. */
const known: Readonly<Record<string, string>> = {
  "test/support/program.ts": "the one that starts it",
  "test/scenario/demo.test.ts": "on a terminal, by script: its output is a picture and no log",
  "test/scenario/top.test.ts": "on a terminal, by script: a command that only asks",
  "test/scenario/documented-lines.test.ts": "as the command of lines that are pasted into a shell",
  "test/soak/rows/scarcity.ts": "as a container runs it, by `RunningProxy` all the same",
  "test/docker/package.test.ts": "what is in the package, and a start by a Node of another version",
};

/** Files with stories in which no canary of the program sings, and why. */
const silent: Readonly<Record<string, readonly string[]>> = {
  "test/docker/package.test.ts": ["the program may read no file that lists it"],
  "test/docker/prometheus-scrape.test.ts": ["its figures would move between a scrape and a look"],
  "test/scenario/faults-process.test.ts": ["nobody is served while there is no descriptor left"],
  "test/scenario/faults-threads.test.ts": [
    "whoever connects next has the fault, and all of its thread",
  ],
  "test/scenario/listening.test.ts": ["clients of any service are reset at the limit"],
  "test/scenario/memory.test.ts": ["newcomers of any service are reset while memory is short"],
  "test/scenario/network.test.ts": ["what the cable does, it does to every service behind it"],
  "test/scenario/publishing.test.ts": ["all apps there are, and their files, are compared"],
  "test/scenario/work-count-traffic.test.ts": ["its connections would be counted"],
  "test/scenario/work-count.test.ts": ["its connections would be counted"],
  "test/soak/large-stage.ts": ["one of the ten thousand apps sings"],
  "test/soak/load-stage.ts": ["one that the same file lists sings here"],
  "test/soak/rows/answers.ts": ["one that the same Marathon lists sings here"],
  "test/soak/rows/churn.ts": ["one that the same Marathon lists sings here"],
  "test/soak/rows/events.ts": ["one of a file sings here"],
  "test/soak/rows/leaders.ts": ["one that the same Marathon lists sings here"],
  "test/soak/rows/names.ts": ["one that the same Marathon lists sings here"],
  "test/soak/rows/patient.ts": ["it would wait for minutes"],
  "test/soak/rows/scarcity.ts": ["newcomers of any service are reset while memory is short"],
  "test/soak/soak.ts": ["one that the same Marathon lists sings here"],
  "test/support/dashboard-stage.ts": ["pages and pictures show every service there is"],
  "test/support/fault-stage.ts": ["one that the same Marathon lists sings here"],
};

test("the program is started in one place, so that after every story its invariants are asserted", () => {
  const naming = globSync("test/**/*.ts", { cwd: root }).filter((file) =>
    /(?:src\/|dist\/|\.\.\/)main\.[jt]s/.test(readFileSync(`${root}${file}`, "utf8")),
  );
  assert.deepEqual(naming.toSorted(), Object.keys(known).toSorted());
});

test("a canary sings in every story, unless it says why none can", () => {
  const found = globSync("test/**/*.ts", { cwd: root })
    .filter((file) => file !== "test/architecture/harness.test.ts")
    .map((file) => {
      const reasons = readFileSync(`${root}${file}`, "utf8").matchAll(/"none: ([^"]+)"/g);
      return [file, [...reasons].map(([, why]) => why)] as const;
    });
  const silenced = found.filter(([, reasons]) => reasons.length > 0);
  assert.deepEqual(Object.fromEntries(silenced.toSorted()), silent);
});

test("the canary is served from when the program is ready, pauses when it is looked at, and may be cut off at its end", async () => {
  await using marathon = await startMarathon();
  await using proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? ""]);
  const { canary } = proxy;
  assert.ok(canary !== undefined);
  assert.equal(canary.served, 0);
  await proxy.ready();
  assert.ok(canary.served > 0);
  await proxy.assertHeld();
  const before = canary.served;
  await eventually(() => canary.served > before + 3);
  assert.deepEqual((await proxy.table()).services, []);
  assert.equal((await proxy.status.table()).services.length, 1);
  proxy.signal("SIGKILL");
  await proxy.exit();
});

for (const source of ["marathon", "file"] as const) {
  test(`a story fails whose canary has, beside a ${source}`, async () => {
    await using thief = await TcpReplica.start((socket) => socket.resetAndDestroy());
    await using marathon = await startMarathon();
    using folder = new TemporaryFolder();
    folder.replace("services.json", JSON.stringify({ services: [] }));
    const file = source === "file" ? ["--file", folder.file("services.json")] : [];
    const proxy = await RunningProxy.start(["--marathon", marathon.urls[0] ?? "", ...file]);
    await proxy.ready();
    const { canary } = proxy;
    assert.ok(canary !== undefined);
    // The stronger source has the port.
    marathon.putApp({ ...app("/thief", canary.port), healthChecks: [] });
    place(marathon, "/thief", thief.port);
    await eventually(() => canary.failures.length > 0);
    await assert.rejects(proxy[Symbol.asyncDispose](), /the canary's failures[^]*ECONNRESET/);
  });
}

test("a story whose program never was ready is not held to its canary", async () => {
  const proxy = await RunningProxy.start(["--marathon", "http://127.0.0.1:1"]);
  await proxy[Symbol.asyncDispose]();
  assert.deepEqual([proxy.canary?.served, proxy.canary?.failures], [0, []]);
});

test("a story fails whose program has ended unasked, or is not as it was", async () => {
  using folder = new TemporaryFolder();
  folder.replace("services.json", JSON.stringify({ services: [] }));
  const source = ["--file", folder.file("services.json")];
  const dead = await RunningProxy.start(source);
  process.kill(dead.pid, "SIGKILL");
  await eventually(() => dead.hasEnded);
  await assert.rejects(dead[Symbol.asyncDispose](), /it has ended/);

  // What was one thread's death in the story is none that may be forgotten.
  const other = await RunningProxy.start(source, {}, { crashes: 1, patienceMs: 3000 });
  await assert.rejects(other[Symbol.asyncDispose](), /0 worker deaths, not 1/);
});
