import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { HookRunner } from "../../src/publish/hook-runner.ts";
import { InstanceFiles } from "../../src/publish/instance-files.ts";
import { eventually } from "../support/eventually.ts";
import { keepingLogger } from "../support/running-source.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { route, routed, table } from "../unit/publish/tables.ts";

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

/** A program that adds a line with its arguments to a file, and ends when another file is there. */
function waiter(folder: TemporaryFolder): { command: string[]; begun: string; go: string } {
  const begun = folder.file("begun");
  const go = folder.file("go");
  const script = `echo "$1" >> ${begun}; while [ ! -e ${go} ]; do sleep 0.01; done`;
  return { command: ["sh", "-c", script, "hook", "$(id); a b"], begun, go };
}

test("arguments reach the program as they are, and runs asked for meanwhile become one", async () => {
  using folder = new TemporaryFolder();
  const { command, begun, go } = waiter(folder);
  await using hook = new HookRunner({ command, timeoutMs: 60_000, logger: keepingLogger() });
  hook.ask();
  await eventually(() => linesOf(begun).length === 1);
  for (let more = 0; more < 20; more += 1) hook.ask();
  assert.equal(hook.runs, 1);
  writeFileSync(go, "");
  await eventually(() => linesOf(begun).length === 2);
  await hook[Symbol.asyncDispose]();
  assert.deepEqual(linesOf(begun), ["$(id); a b", "$(id); a b"]);
  assert.deepEqual([hook.runs, hook.failures], [2, 0]);
});

const failing: readonly { name: string; command: string[]; says: RegExp }[] = [
  {
    name: "ends badly",
    command: ["sh", "-c", "echo no such luck >&2; exit 3"],
    says: /with 3: no such luck/,
  },
  { name: "is not there", command: ["/no/such/program"], says: /ENOENT/ },
  { name: "cannot be called so", command: ["a\0b"], says: /null bytes/ },
  { name: "hangs", command: ["sh", "-c", "sleep 1000 & wait"], says: /still running after 50 ms/ },
];

for (const { name, command, says } of failing) {
  test(`a hook that ${name} is counted and logged`, async () => {
    const lines: string[] = [];
    const logger = keepingLogger(lines);
    await using hook = new HookRunner({
      command,
      timeoutMs: name === "hangs" ? 50 : 60_000,
      logger,
    });
    hook.ask();
    await eventually(() => hook.failures === 1);
    assert.match(lines.join("\n"), says);
    hook.ask();
    await eventually(() => hook.failures === 2);
  });
}

test("disposing ends a run that hangs", async () => {
  using folder = new TemporaryFolder();
  const { command, begun } = waiter(folder);
  const hook = new HookRunner({ command, timeoutMs: 60_000, logger: keepingLogger() });
  hook.ask();
  await eventually(() => linesOf(begun).length === 1);
  await hook[Symbol.asyncDispose]();
  assert.equal(hook.failures, 0);
});

test("the hook runs after the start and after each change, and not without one", async () => {
  using folder = new TemporaryFolder();
  const runs = folder.file("runs");
  const logger = keepingLogger();
  const hook = ["sh", "-c", `echo run >> ${runs}`];
  const options = { directory: folder.file("confd"), hook, random: () => 0.5, logger };
  await using files = InstanceFiles.open(options);
  files.publish(table([route("/a", 80)]));
  await eventually(() => linesOf(runs).length === 1);
  files.publish(table([route("/a", 80)], 2));
  files.publish(table([route("/a", 80, [routed("10.0.0.1:1", { state: "down" })])], 3));
  files.publish(table([route("/a", 80, [routed("10.0.0.1:1")])], 4));
  await eventually(() => linesOf(runs).length === 2);
  assert.deepEqual([files.figures().hookRuns, files.figures().written], [2, 2]);
});
