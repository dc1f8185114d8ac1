import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { open as openFile, type FileHandle } from "node:fs/promises";
import { test } from "node:test";
import { InstanceFiles, type InstanceFilesOptions } from "../../src/publish/instance-files.ts";
import type { Table } from "../../src/routing/table.ts";
import { eventually } from "../support/eventually.ts";
import { keepingLogger } from "../support/running-source.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { route, routed, table } from "../unit/publish/tables.ts";

function open(directory: string, over: Partial<InstanceFilesOptions> = {}): InstanceFiles {
  const logger = keepingLogger();
  return InstanceFiles.open({ directory, retryMs: 10, random: () => 0.5, logger, ...over });
}

function visible(directory: string): string[] {
  return readdirSync(directory).filter((name) => !name.startsWith("."));
}

/** Waits until a file ends in this text. */
async function ends(path: string, text: string): Promise<void> {
  await eventually(() => existsSync(path) && readFileSync(path, "utf8").endsWith(text), {
    what: `${path} with ${JSON.stringify(text)}`,
  });
}

function web(...addresses: string[]): Table {
  return table([
    route(
      "/demo/web",
      8080,
      addresses.map((address) => routed(address)),
    ),
  ]);
}

test("files come, change and go with their apps, and others stay", async () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("notes.txt"), "mine");
  writeFileSync(folder.file("other.instances"), "mine too");
  await using files = open(folder.path);
  files.publish(table([route("/a", 80, [routed("10.0.0.1:1")]), route("/b/c", 81)]));
  await ends(folder.file("a.instances"), "\r\n\r\n10.0.0.1:1\n");
  await ends(folder.file("b.c.instances"), "\r\n\r\n");
  assert.equal(statSync(folder.file("a.instances")).mode & 0o777, 0o660);
  files.publish(table([route("/a", 80, [routed("10.0.0.1:2")])]));
  await ends(folder.file("a.instances"), "\r\n\r\n10.0.0.1:2\n");
  await eventually(() => files.figures().removed === 1);
  assert.deepEqual(visible(folder.path).toSorted(), [
    "a.instances",
    "notes.txt",
    "other.instances",
  ]);
  assert.deepEqual(files.problems(), []);
});

test("the empty table before the first answer removes nothing", async () => {
  using folder = new TemporaryFolder();
  {
    await using files = open(folder.path);
    files.publish(web("10.0.0.1:1"));
    await eventually(() => files.figures().files === 1);
  }
  await using files = open(folder.path);
  files.publish(table([], 0));
  files.publish(web("10.0.0.1:1"));
  await eventually(() => files.figures().files === 1);
  assert.deepEqual([files.figures().written, files.figures().removed], [0, 0]);
});

test("what a former life wrote is known: left alone when equal, removed when its app is gone", async () => {
  using folder = new TemporaryFolder();
  const both = [route("/a", 80, [routed("10.0.0.1:1")]), route("/b", 81)];
  {
    await using files = open(folder.path);
    files.publish(table(both));
    await eventually(() => files.figures().files === 2);
  }
  const { ino } = statSync(folder.file("a.instances"));
  await using files = open(folder.path);
  files.publish(table(both.slice(0, 1)));
  await eventually(() => files.figures().removed === 1);
  assert.equal(statSync(folder.file("a.instances")).ino, ino);
  assert.equal(files.figures().written, 0);
  assert.deepEqual(visible(folder.path), ["a.instances"]);
});

test("a file that another agent left for the same service is taken over", async () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("demo.web.instances"), "Service-Name: demo.web\r\n\r\nold:1\n");
  await using files = open(folder.path);
  files.publish(web("10.0.0.1:1"));
  await ends(folder.file("demo.web.instances"), "10.0.0.1:1\n");
});

const obstacles: readonly { name: string; plant: (folder: TemporaryFolder) => void }[] = [
  {
    name: "a symbolic link",
    plant: (folder) => symlinkSync(folder.file("victim"), folder.file("demo.web.instances")),
  },
  {
    name: "a symbolic link in place of the draft",
    plant: (folder) => symlinkSync(folder.file("victim"), folder.file("demo.web.instances.tmp")),
  },
  { name: "a directory", plant: (folder) => mkdirSync(folder.file("demo.web.instances")) },
  {
    name: "somebody's file",
    plant: (folder) => writeFileSync(folder.file("demo.web.instances"), "precious"),
  },
];

for (const { name, plant } of obstacles) {
  test(`${name} in the way is left as it is and reported, and others are written (X04)`, async () => {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file("victim"), "precious");
    plant(folder);
    const before = readdirSync(folder.path).map((file) => lstatSync(folder.file(file)).ino);
    await using files = open(folder.path);
    const routes = [route("/demo/web", 8080), route("/good", 80)];
    files.publish(table(routes));
    await ends(folder.file("good.instances"), "\r\n\r\n");
    const [problem] = await eventually(() => files.problems().length > 0 && files.problems());
    assert.equal(problem?.subject, "demo.web.instances");
    assert.match(problem.reason, /is in the way/);
    assert.equal(readFileSync(folder.file("victim"), "utf8"), "precious");
    const after = new Set(readdirSync(folder.path).map((file) => lstatSync(folder.file(file)).ino));
    for (const inode of before) assert.ok(after.has(inode));
    files.publish(table([route("/good", 80)], 2));
    await eventually(() => files.problems().length === 0);
    const stayed = new Set(
      readdirSync(folder.path).map((file) => lstatSync(folder.file(file)).ino),
    );
    for (const inode of before) assert.ok(stayed.has(inode), "nothing of others is removed");
  });
}

test("a directory that cannot be used is reported, and filled once it can", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("confd");
  writeFileSync(path, "a file where the directory should be");
  await using files = open(path);
  files.publish(web("10.0.0.1:1"));
  await eventually(() => files.problems().length > 0);
  assert.ok(files.figures().failures > 0);
  rmSync(path);
  await ends(`${path}/demo.web.instances`, "10.0.0.1:1\n");
  assert.equal(statSync(path).mode & 0o777, 0o770);
  await eventually(() => files.problems().length === 0);
});

test("a directory that was taken away is filled again with the next change", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("confd");
  await using files = open(path);
  files.publish(table([route("/a", 80), route("/b", 81)]));
  await eventually(() => files.figures().files === 2);
  rmSync(path, { recursive: true });
  files.publish(table([route("/a", 80, [routed("10.0.0.1:1")]), route("/b", 81)], 2));
  await ends(`${path}/a.instances`, "10.0.0.1:1\n");
  await ends(`${path}/b.instances`, "\r\n\r\n");
});

test("a manifest cannot make us remove what is not ours (X04)", async () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("confd"));
  for (const name of ["victim", "victim.instances"]) writeFileSync(folder.file(name), "precious");
  const lines = ["../victim", "../victim.instances", "/etc/hostname", "..", ".hidden.instances"];
  writeFileSync(folder.file("confd/.portolan-files"), `${lines.join("\n")}\n`);
  await using files = open(folder.file("confd"));
  files.publish(web());
  await eventually(() => files.figures().files === 1);
  assert.ok(existsSync(folder.file("victim")) && existsSync(folder.file("victim.instances")));
  assert.equal(files.figures().removed, 0);
});

test("every read of another process finds a complete version through 1000 updates (X06)", async (t) => {
  using folder = new TemporaryFolder();
  await using files = open(folder.path);
  const path = folder.file("demo.web.instances");
  files.publish(versionOf(1));
  await eventually(() => existsSync(path));
  const reader = fork(new URL("../support/file-reader.ts", import.meta.url), [path]);
  t.after(() => reader.kill());
  await once(reader, "message");
  const told = once(reader, "message");
  for (let round = 2; round <= 1001; round += 1) {
    const { written } = files.figures();
    files.publish(versionOf(round % 2 === 0 ? 2 + (round % 100) : 1));
    while (files.figures().written === written) await new Promise(setImmediate);
  }
  if (reader.connected) reader.send("enough");
  const [seen] = await told;
  assert.equal(seen.torn, undefined, `one of ${seen.reads} reads`);
  assert.ok(seen.versions > 10, "it has read while there were updates");
});

/** As many replicas as the third part of each address says. */
function versionOf(count: number): Table {
  return web(...Array.from({ length: count }, (_, index) => `10.0.${count}.1:${index + 1}`));
}

/** What a directory suffers from, on a small file system of its own. */
const shortages: readonly {
  readonly name: string;
  readonly mount: string;
  readonly suffer: (path: string) => void;
  readonly recover: (path: string) => void;
  readonly says: RegExp;
}[] = [
  {
    name: "a full disk",
    mount: "size=64k",
    suffer: (path) => fill(`${path}/ballast`),
    recover: (path) => rmSync(`${path}/ballast`),
    says: /ENOSPC/,
  },
  {
    name: "a disk with no room for further files",
    mount: "nr_inodes=8",
    suffer: crowd,
    recover: (path) => rmSync(`${path}/crowd`, { recursive: true }),
    says: /ENOSPC/,
  },
  {
    name: "a disk that has become read-only",
    mount: "size=64k",
    suffer: (path) => remount(path, "ro"),
    recover: (path) => remount(path, "rw"),
    says: /EROFS/,
  },
];

for (const { name, mount, suffer, recover, says } of shortages) {
  test(`${name} leaves the old file as it was, and the new one follows when that is over (X05)`, async (t) => {
    using folder = new TemporaryFolder();
    const path = folder.file("confd");
    mkdirSync(path);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", mount, "tmpfs", path]).status !== 0) {
      t.skip("needs the right to mount a small tmpfs");
      return;
    }
    try {
      await using files = open(path);
      files.publish(web("10.0.0.1:1"));
      await ends(`${path}/demo.web.instances`, "10.0.0.1:1\n");
      suffer(path);
      const before = visible(path);
      files.publish(web("10.0.0.1:2"));
      const [problem] = await eventually(() => files.problems().length > 0 && files.problems());
      assert.match(problem?.reason ?? "", says);
      assert.ok(files.figures().failures > 0);
      await ends(`${path}/demo.web.instances`, "10.0.0.1:1\n");
      assert.deepEqual(visible(path), before);
      recover(path);
      await ends(`${path}/demo.web.instances`, "10.0.0.1:2\n");
      await eventually(() => files.problems().length === 0);
    } finally {
      spawnSync("umount", [path]);
    }
  });
}

test("a disk that fails when a file is to be synced leaves the old one as it was, and no draft (X05)", async (t) => {
  using folder = new TemporaryFolder();
  const path = folder.file("demo.web.instances");
  await using files = open(folder.path);
  files.publish(web("10.0.0.1:1"));
  await ends(path, "10.0.0.1:1\n");
  const failing = t.mock.method(await openFiles(path), "datasync", () =>
    Promise.reject(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" })),
  );
  files.publish(web("10.0.0.1:2"));
  const [problem] = await eventually(() => files.problems().length > 0 && files.problems());
  assert.match(problem?.reason ?? "", /EIO/);
  await ends(path, "10.0.0.1:1\n");
  assert.deepEqual(visible(folder.path), ["demo.web.instances"]);
  failing.mock.restore();
  await ends(path, "10.0.0.1:2\n");
  await eventually(() => files.problems().length === 0);
});

test("new files do not wait for the disk, and what a crash of the machine left of one is put right by the next start", async (t) => {
  using folder = new TemporaryFolder();
  const path = folder.file("demo.web.instances");
  writeFileSync(folder.file("notes.txt"), "");
  const synced = t.mock.method(await openFiles(folder.file("notes.txt")), "datasync");
  {
    await using files = open(folder.path);
    const apps = ["/demo/web", "/a", "/b", "/c", "/d"];
    files.publish(table(apps.map((app, index) => route(app, 80 + index, [routed("10.0.0.1:1")]))));
    await eventually(() => files.figures().files === apps.length);
    // The manifest is: without it nobody would know whose an empty file is.
    assert.equal(synced.mock.callCount(), 1);
  }
  writeFileSync(path, "");
  await using files = open(folder.path);
  files.publish(web("10.0.0.1:1"));
  await ends(path, "10.0.0.1:1\n");
  assert.deepEqual(files.problems(), []);
});

/** What all open files have in common. */
async function openFiles(path: string): Promise<FileHandle> {
  await using file = await openFile(path);
  return Object.getPrototypeOf(file);
}

function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  } finally {
    closeSync(file);
  }
}

function crowd(path: string): void {
  try {
    mkdirSync(`${path}/crowd`);
    for (let number = 0; ; number += 1) writeFileSync(`${path}/crowd/${number}`, "");
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  }
}

function remount(path: string, how: "ro" | "rw"): void {
  assert.equal(spawnSync("mount", ["-o", `remount,${how}`, path]).status, 0);
}

test("one change among many rewrites one file", async () => {
  using folder = new TemporaryFolder();
  await using files = open(folder.path);
  const routes = Array.from({ length: 500 }, (_, index) =>
    route(`/group-${index % 10}/app-${index}`, 1000 + index, [routed("10.0.0.1:80")]),
  );
  files.publish(table(routes));
  await eventually(() => files.figures().files === 500);
  const changed = route("/group-7/app-7", 1007, [routed("10.0.0.2:80")]);
  files.publish(table([...routes.filter(({ port }) => port !== 1007), changed], 2));
  await ends(folder.file("group-7.app-7.instances"), "10.0.0.2:80\n");
  assert.equal(files.figures().written, 501);
});
