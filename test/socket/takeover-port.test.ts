import assert from "node:assert/strict";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { Predecessor } from "../../src/takeover/predecessor.ts";
import { TakeoverPort, type Incumbent } from "../../src/takeover/takeover-port.ts";
import { eventually } from "../support/eventually.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** One that serves until it is asked, and yields when it is let. */
function incumbent(reason?: string): Incumbent & { readonly asked: string[]; let(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked: string[] = [];
  return {
    asked,
    let: resolve,
    objection: (missing) => {
      asked.push(missing.join());
      return reason;
    },
    yield: () => promise,
  };
}

async function found(path: string): Promise<Predecessor> {
  const predecessor = await Predecessor.find(path);
  assert.ok(predecessor !== undefined);
  return predecessor;
}

test("who asks hears at once that it is heard, and later that nothing arrives any more", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("sock");
  const serving = incumbent();
  await using _ = await TakeoverPort.open(path, serving);
  using before = await found(path);
  before.ask(["tcp/80 127.0.0.1:80"]);
  assert.deepEqual(await before.answer, { kind: "yielding" });
  assert.deepEqual(serving.asked, ["tcp/80 127.0.0.1:80"]);
  using other = await found(path);
  other.ask([]);
  assert.deepEqual(await other.answer, { kind: "yielding" });
  assert.equal(await Promise.race([before.outcome, Promise.resolve("not yet")]), "not yet");
  serving.let();
  assert.deepEqual(await before.outcome, { kind: "yielded" });
});

test("one that ends by itself says so to those who wait and to those who come", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("sock");
  await using port = await TakeoverPort.open(path, incumbent());
  using early = await found(path);
  // What it answers to the one is heard after what it did with the other.
  using witness = await found(path);
  witness.ask([]);
  await witness.answer;
  assert.equal(early.serves, true);
  port.leaving();
  assert.deepEqual(await early.answer, { kind: "yielding" });
  using late = await found(path);
  assert.deepEqual(await late.answer, { kind: "yielding" });
  assert.deepEqual([early.serves, late.serves], [false, false]);
});

test("a refusal comes with its reason", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("sock");
  await using _ = await TakeoverPort.open(path, incumbent("no"));
  using before = await found(path);
  before.ask([]);
  assert.deepEqual(await before.answer, { kind: "refused", reason: "no" });
  assert.deepEqual(await before.outcome, { kind: "refused", reason: "no" });
  assert.equal(before.serves, true);
});

test("the end of the one before is an answer, too", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("sock");
  const port = await TakeoverPort.open(path, incumbent());
  using before = await found(path);
  await port[Symbol.asyncDispose]();
  assert.deepEqual(await before.answer, { kind: "gone" });
  assert.deepEqual(await before.outcome, { kind: "gone" });
  assert.equal(before.serves, false);
  before.ask([]);
});

test("only our own user can ask, and the path leads to the youngest", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("sock");
  const [one, two] = [incumbent("one"), incumbent("two")];
  // What one that died in between has left.
  writeFileSync(`${path}.${process.pid}`, "");
  await using first = await TakeoverPort.open(path, one);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await using _ = await TakeoverPort.open(path, two);
  // The end of the older one takes nothing away.
  await first[Symbol.asyncDispose]();
  using before = await found(path);
  before.ask([]);
  assert.deepEqual(await before.answer, { kind: "refused", reason: "two" });
});

test("nobody is found where nothing is, or nothing listens, and a file is an error", async () => {
  using folder = new TemporaryFolder();
  assert.equal(await Predecessor.find(folder.file("none")), undefined);
  const path = folder.file("left");
  await (await TakeoverPort.open(path, incumbent()))[Symbol.asyncDispose]();
  assert.ok(statSync(path).isSocket());
  assert.equal(await Predecessor.find(path), undefined);
  const file = folder.file("file");
  writeFileSync(file, "");
  await assert.rejects(Predecessor.find(file), /file is there and no socket/);
  await assert.rejects(
    TakeoverPort.open(folder.file("missing/sock"), incumbent()),
    /cannot listen for a successor at .*missing\/sock/,
  );
});

test("noise ends no more than its own connection", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("sock");
  const serving = incumbent("still here");
  await using _ = await TakeoverPort.open(path, serving);
  const noisy = connect(path);
  let isClosed = false;
  noisy.on("error", () => undefined);
  noisy.on("close", () => {
    isClosed = true;
  });
  await once(noisy, "connect");
  noisy.write('hello\n{"kind":"stop"}\n\0\0\n');
  noisy.write("x".repeat(300_000));
  await eventually(() => isClosed, { what: "the end of an endless line" });
  assert.deepEqual(serving.asked, []);
  using before = await found(path);
  before.ask([]);
  assert.deepEqual(await before.answer, { kind: "refused", reason: "still here" });
});
