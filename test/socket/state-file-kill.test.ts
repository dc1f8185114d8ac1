import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { parseState } from "../../src/publish/state-file.ts";
import { seeded } from "../support/faults/seeded.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const writer = new URL("../support/state-writer.ts", import.meta.url).pathname;
const kills = 15;

test("kill -9 at any moment of a write leaves the old state or the new one, whole (M03)", async (t) => {
  using folder = new TemporaryFolder();
  const path = folder.file("state");
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const random = seeded(seed);
  let drafts = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    // What the last one has left behind hinders none.
    const child = spawn(process.execPath, [writer, path], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await wait(random() * 20);
    child.kill("SIGKILL");
    await once(child, "close");
    if (existsSync(`${path}.tmp`)) drafts += 1;
    const text = readFileSync(path, "utf8");
    const state = parseState(text, 1);
    assert.ok(typeof state !== "string", `after kill ${kill}: ${text.slice(0, 100)}`);
    assert.equal(state.services[0]?.replicas.length, 1000 + (state.savedAt % 1000));
  }
  t.diagnostic(`${drafts} of ${kills} kills came in the middle of a write`);
  assert.ok(drafts > 0, "no kill came in the middle of a write");
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => !/^state(?:\.tmp)?$/.test(name)),
    [],
  );
});
