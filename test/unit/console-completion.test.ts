import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import { parseArgs, type Arguments } from "../../src/cli/arguments.ts";
import { completionWords } from "../../src/cli/completion-words.ts";
import { shells } from "../../src/cli/commands.ts";
import { options, settingNames } from "../../src/config/options.ts";
import { completionScript } from "../../src/console/completion.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const known = completionWords();

/** What bash offers when tab is pressed at the end of these words. */
function offered(...words: readonly string[]): string[] {
  const typed = ["portolan", ...words].map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", known)}
COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _portolan; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\n").filter(Boolean);
}

/** What a shell says against a script without running it; undefined where the shell is not installed. */
function complaints(shell: string, script: string): string | undefined {
  using folder = new TemporaryFolder();
  folder.replace("script", script);
  const { error, status, stderr } = spawnSync(shell, ["-n", folder.file("script")], {
    encoding: "utf8",
  });
  return error === undefined ? `${stderr}${status === 0 ? "" : `status ${status}`}` : undefined;
}

test("the command takes a shell that it knows, bash when none is named", () => {
  const parse = (...argv: readonly string[]): Arguments => parseArgs(argv, { version: "1.2.3" });
  assert.deepEqual(parse("completion"), { kind: "completion", shell: "bash" });
  assert.deepEqual(parse("completion", "fish"), { kind: "completion", shell: "fish" });
  const refused = parse("completion", "tcsh");
  assert.ok(refused.kind === "usage");
  assert.match(refused.message, /^portolan completion takes bash, zsh or fish, not "tcsh"\n/);
  assert.equal(parse("completion", "zsh", "fish").kind, "usage");
  assert.deepEqual(parse("top"), { kind: "top", flags: new Map() });
  assert.equal(parse("top", "now").kind, "usage");
});

suite("bash completes", () => {
  test("commands", () => {
    assert.deepEqual(offered("s"), ["status"]);
    assert.ok(offered("").includes("top"));
    assert.ok(!offered("").includes("start"), "hidden");
  });

  test("options, in either spelling", () => {
    assert.deepEqual(offered("--marathon-a"), ["--marathon-auth-file"]);
    assert.ok(offered("run", "-").includes("-m"));
    assert.equal(offered("--").length, settingNames.length + 3);
  });

  test("values of a closed list, also after a sign", () => {
    assert.deepEqual(offered("run", "--health", ""), ["marathon", "local", "both"]);
    assert.deepEqual(offered("--log-level", "=", "w"), ["warn"]);
    assert.deepEqual(offered("--log-level", "="), ["debug", "info", "warn", "error"]);
    assert.deepEqual(offered("completion", "f"), ["fish"]);
  });

  test("nothing of ours where a file or a word of one's own is due", () => {
    assert.deepEqual(offered("--config", ""), []);
    assert.deepEqual(offered("explain", "/de"), []);
  });
});

for (const shell of shells) {
  test(`${shell} accepts the script`, (t) => {
    const said = complaints(shell, completionScript(shell, known));
    if (said === undefined) t.skip(`${shell} is not installed: apt-get install ${shell}`);
    else assert.equal(said, "");
  });

  test(`the script for ${shell} has every command and option`, () => {
    const script = completionScript(shell, known);
    for (const { name } of known.commands) assert.ok(script.includes(name), name);
    for (const name of settingNames) assert.ok(script.includes(options[name].flag), name);
  });
}

test("whatever a description holds stays one word", (t) => {
  const odd = {
    commands: [{ name: "run", describe: "it's: [odd] \\ $(x)", oneOf: [] }],
    options: [
      { flag: "x", alias: "x", describe: "it's: [odd] \\ `y`", takesValue: true, oneOf: ["a"] },
    ],
  };
  for (const shell of shells) {
    const said = complaints(shell, completionScript(shell, odd));
    if (said === undefined) t.diagnostic(`${shell} is not installed: apt-get install ${shell}`);
    else assert.equal(said, "", shell);
  }
});
