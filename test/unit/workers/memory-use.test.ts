import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readMemoryUse } from "../../../src/workers/memory-use.ts";
import { TemporaryFolder } from "../../support/temporary-folder.ts";

const mebibyte = 1024 * 1024;

/** What is read of a file system that has these files. */
function readOf(files: Readonly<Record<string, string>>): ReturnType<typeof readMemoryUse> {
  using folder = new TemporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return readMemoryUse(folder.path);
}

const own = "sys/fs/cgroup/system.slice/portolan.service";

const ofSecond = {
  "proc/self/cgroup": "0::/system.slice/portolan.service\n",
  [`${own}/memory.max`]: `${256 * mebibyte}\n`,
  [`${own}/memory.current`]: `${200 * mebibyte}\n`,
  [`${own}/memory.stat`]: `anon ${90 * mebibyte}\nfile ${70 * mebibyte}\ninactive_anon 1
active_file ${60 * mebibyte}\ninactive_file ${10 * mebibyte}\nslab_reclaimable ${5 * mebibyte}\nsock 7\n`,
};

test("of a group of version 2 all is in use but what the kernel can take back", () => {
  assert.deepEqual(readOf(ofSecond), { limit: 256 * mebibyte, used: 125 * mebibyte });
});

test("a group without a limit is bound by the nearest one above that has one", () => {
  const files = {
    ...ofSecond,
    [`${own}/memory.max`]: "max\n",
    "sys/fs/cgroup/system.slice/memory.max": `${512 * mebibyte}\n`,
    "sys/fs/cgroup/system.slice/memory.current": "1000\n",
    "sys/fs/cgroup/system.slice/memory.stat": "active_file 400\n",
  };
  assert.deepEqual(readOf(files), { limit: 512 * mebibyte, used: 600 });
});

test("in a container of version 1 the group is the root of what is mounted", () => {
  const root = "sys/fs/cgroup/memory";
  const files = {
    "proc/self/cgroup": "5:cpu,cpuacct:/docker/ab\n4:memory:/docker/ab\n0::/\n",
    [`${root}/memory.limit_in_bytes`]: `${64 * mebibyte}\n`,
    [`${root}/memory.usage_in_bytes`]: "5000\n",
    [`${root}/memory.stat`]: "active_file 1\ntotal_active_file 1000\ntotal_inactive_file 2000\n",
  };
  assert.deepEqual(readOf(files), { limit: 64 * mebibyte, used: 2000 });
});

test("where there is no limit there is nothing to tell", () => {
  assert.equal(readOf({}), undefined, "not Linux");
  assert.equal(readOf({ "proc/self/cgroup": "0::/\n" }), undefined, "not in a group");
  assert.equal(readOf({ ...ofSecond, [`${own}/memory.max`]: "max\n" }), undefined);
  const unlimited = { ...ofSecond, [`${own}/memory.max`]: "9223372036854771712\n" };
  assert.equal(readOf(unlimited), undefined, "more than this host has");
});
