import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { FileSource, type FileSourceOptions } from "../../src/discovery/file/file-source.ts";
import { testSourceContract, type SourceSetup } from "../contract/source-contract.ts";
import { eventually } from "../support/eventually.ts";
import { routesOf, RunningSource } from "../support/running-source.ts";
import { steady } from "../support/steady.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const file = "services.yaml";

function fileSource(path: string, options: Partial<FileSourceOptions> = {}): FileSource {
  return new FileSource({ path, ...steady(), ...options });
}

function yaml(replicas: number): string {
  const list = Array.from({ length: replicas }, (_, index) => `127.0.0.1:${31_000 + index}`);
  return `services:\n  - { app: /a, port: 80, replicas: ${JSON.stringify(list)} }\n`;
}

testSourceContract("file", async (): Promise<SourceSetup> => {
  const folder = new TemporaryFolder();
  folder.replace(file, yaml(1));
  return {
    open: () => fileSource(folder.file(file)),
    hold: (replicas) => folder.replace(file, yaml(replicas)),
    holdWithFault: (replicas) =>
      folder.replace(file, `${yaml(replicas)}  - { app: /bad, port: 80x }\n`),
    fail: () => folder.replace(file, "services: ["),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});

/** Only the folder can tell within the test's time. */
const notPolling = { pollMs: 600_000 };

suite("a file of services", () => {
  test("a replacement is noticed without polling", async () => {
    using folder = new TemporaryFolder();
    folder.replace(file, yaml(1));
    const source = fileSource(folder.file(file), notPolling);
    await using running = new RunningSource(source);
    await running.have(1);
    assert.equal(source.status().connected, true);
    folder.replace(file, yaml(3));
    await eventually(() => running.routes.length === 3);
    assert.ok(source.status().events > 0);
  });

  test("a change in place is noticed without polling", async () => {
    using folder = new TemporaryFolder();
    folder.replace(file, yaml(1));
    await using running = new RunningSource(fileSource(folder.file(file), notPolling));
    await running.have(1);
    writeFileSync(folder.file(file), yaml(2));
    await eventually(() => running.routes.length === 2);
  });

  test("a file that is written in place loses nothing while it is half written", async () => {
    using folder = new TemporaryFolder();
    const services = Array.from(
      { length: 6 },
      (_, index) => `  - { app: /a-${index}, port: ${80 + index}, replicas: ["127.0.0.1:1"] }\n`,
    );
    const whole = `services:\n${services.join("")}`;
    folder.replace(file, whole);
    await using running = new RunningSource(fileSource(folder.file(file), { stillMs: 2000 }));
    await running.have(1);
    writeFileSync(folder.file(file), "services:\n");
    // Each step leaves a sound file behind, for longer than a look takes.
    for (const service of services) {
      appendFileSync(folder.file(file), service);
      await wait(60);
    }
    appendFileSync(folder.file(file), "  - { app: /b, port: 90, replicas: [127.0.0.1:1] }\n");
    await eventually(() => running.routes.length === 7);
    assert.ok(running.states.every((state) => routesOf(state).length >= 6));
  });

  test("an item with a fault leaves its last good version served, and is named by its path", async () => {
    using folder = new TemporaryFolder();
    const listing = (port: string, address: string): string =>
      `services:
  - { app: /a, port: ${port}, replicas: ["127.0.0.1:1", "127.0.0.1:2"] }
  - { app: /b, port: 81, replicas: ["127.0.0.1:3", "${address}"] }
`;
    folder.replace(file, listing("80", "127.0.0.1:4"));
    await using running = new RunningSource(fileSource(folder.file(file)));
    await running.have(1);
    const whole = running.routes;
    assert.equal(whole.length, 4);
    for (const [port, address, path] of [
      ['"80x"', "127.0.0.1:4", "services[0].port"],
      ["80", "127.0.0.1", "services[1].replicas[1].address"],
    ] as const) {
      const { length } = running.states;
      folder.replace(file, listing(port, address));
      const state = await running.have(length + 1);
      assert.deepEqual(running.routes, whole);
      assert.ok(state.problems.some(({ reason }) => reason.startsWith(`${path}: `)));
      assert.deepEqual([...state.confirmedGone], []);
    }
    folder.replace(file, 'services: [{ app: /b, port: 81, replicas: ["127.0.0.1:3"] }]');
    await eventually(() => running.routes.length === 1);
    assert.deepEqual(running.last?.problems, []);
    assert.equal(running.last?.confirmedGone.has("/a"), true);
  });

  test("what its folder cannot tell, polling finds out", async () => {
    using folder = new TemporaryFolder();
    mkdirSync(folder.file("elsewhere"));
    writeFileSync(folder.file("elsewhere/real.yaml"), yaml(1));
    symlinkSync(folder.file("elsewhere/real.yaml"), folder.file(file));
    await using running = new RunningSource(fileSource(folder.file(file), { pollMs: 20 }));
    await running.have(1);
    writeFileSync(folder.file("elsewhere/real.yaml"), yaml(2));
    await eventually(() => running.routes.length === 2);
  });

  test("a repaired file is read at once, however long the last failure makes it wait", async () => {
    using folder = new TemporaryFolder();
    folder.replace(file, "");
    // By far the longest wait that can be drawn: only the folder can end it in time.
    const source = fileSource(folder.file(file), { ...notPolling, random: () => 1000 });
    await using running = new RunningSource(source);
    await eventually(() => source.status().failures > 0);
    folder.replace(file, yaml(2));
    await eventually(() => running.routes.length === 2);
    assert.equal(source.status().lastError, undefined);
  });

  test("it may come into being later, with its folder", async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("later");
    const source = fileSource(`${path}/${file}`, { pollMs: 20 });
    await using running = new RunningSource(source);
    await eventually(() => source.status().failures > 0);
    assert.equal(source.status().connected, false);
    mkdirSync(path);
    writeFileSync(`${path}/${file}`, yaml(1));
    await eventually(() => running.routes.length === 1);
  });

  test("a removed file takes nothing away", async () => {
    using folder = new TemporaryFolder();
    folder.replace(file, yaml(1));
    const source = fileSource(folder.file(file), notPolling);
    await using running = new RunningSource(source);
    await running.have(1);
    rmSync(folder.file(file));
    await eventually(() => source.status().failures > 0);
    assert.equal(running.states.length, 1);
    assert.match(source.status().lastError ?? "", /ENOENT/);
  });
});

interface Unreadable {
  readonly name: string;
  readonly text: string;
  readonly reason: RegExp;
  readonly json?: boolean;
}

const bomb = [
  'a: &a ["x","x","x","x","x","x","x","x","x","x"]',
  ..."bcdefghi".split("").map((key, index) => {
    const alias = `*${"abcdefgh"[index]}`;
    return `${key}: &${key} [${Array.from({ length: 10 }, () => alias).join(",")}]`;
  }),
].join("\n");

const unreadable: readonly Unreadable[] = [
  { name: "empty", text: "", reason: /empty/ },
  { name: "white space", text: " \n\n", reason: /empty/ },
  { name: "a word", text: "services", reason: /no object/ },
  { name: "a list", text: "- port: 80", reason: /no object/ },
  { name: "null", text: "null", reason: /no object/ },
  { name: "broken YAML", text: "services: [", reason: /line 1/ },
  { name: "a tab as indent", text: "services:\n\t- a", reason: /[Tt]ab/ },
  { name: "a key twice", text: "services: []\nservices: []", reason: /unique/ },
  { name: "several documents", text: "services: []\n---\nservices: []", reason: /document/ },
  { name: "aliases that multiply", text: `${bomb}\nservices: *i`, reason: /alias/i },
  { name: "no services", text: "service: []", reason: /services: is no list/ },
  { name: "services that are none", text: "services:", reason: /services: is no list/ },
  { name: "services that are an object", text: "services: {}", reason: /services: is no list/ },
  { name: "truncated JSON", text: '{"services":[', reason: /JSON/, json: true },
  { name: "YAML under the name of JSON", text: "services: []", reason: /JSON/, json: true },
  { name: "too long", text: `services: []\n#${"x".repeat(5000)}`, reason: /longer than 4096/ },
];

suite("a file that cannot be read", () => {
  test("the logger hears once that it cannot be read, and once that it can", async () => {
    using folder = new TemporaryFolder();
    const lines: string[] = [];
    folder.replace(file, "nothing");
    const source = fileSource(folder.file(file), { ...steady(lines) });
    await using running = new RunningSource(source);
    await eventually(() => source.status().failures > 2);
    folder.replace(file, yaml(1));
    await running.have(1);
    const told = lines.filter((line) => !line.startsWith("debug"));
    assert.equal(told.length, 2, told.join("\n"));
  });

  for (const { name, text, reason, json } of unreadable) {
    test(`${name}: the last good state stays, the reason is told`, async () => {
      using folder = new TemporaryFolder();
      const path = json === true ? "services.json" : file;
      folder.replace(path, json === true ? '{"services":[]}' : yaml(1));
      const source = fileSource(folder.file(path), { limitBytes: 4096 });
      await using running = new RunningSource(source);
      await running.have(1);
      folder.replace(path, text);
      await eventually(() => source.status().failures > 0);
      assert.equal(running.states.length, 1);
      assert.match(source.status().lastError ?? "", reason);
      assert.ok((source.status().lastError ?? "").length <= 301);
    });
  }

  test("a pipe: it is refused, and holds up nothing", async () => {
    using folder = new TemporaryFolder();
    execFileSync("mkfifo", [folder.file(file)]);
    const source = fileSource(folder.file(file));
    await using running = new RunningSource(source);
    await eventually(() => source.status().failures > 0);
    assert.match(source.status().lastError ?? "", /regular/);
    assert.deepEqual(running.states, []);
  });

  test("a folder: it is refused", async () => {
    using folder = new TemporaryFolder();
    mkdirSync(folder.file(file));
    const source = fileSource(folder.file(file));
    await using running = new RunningSource(source);
    await eventually(() => source.status().failures > 0);
    assert.match(source.status().lastError ?? "", /regular/);
    assert.deepEqual(running.states, []);
  });
});
