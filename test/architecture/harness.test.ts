import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RunningProxy } from "../support/running-proxy.ts";
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

test("the program is started in one place, so that after every story its invariants are asserted", () => {
  const naming = globSync("test/**/*.ts", { cwd: root }).filter((file) =>
    /(?:src\/|dist\/|\.\.\/)main\.[jt]s/.test(readFileSync(`${root}${file}`, "utf8")),
  );
  assert.deepEqual(naming.toSorted(), Object.keys(known).toSorted());
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
