import assert from "node:assert/strict";
import { test } from "node:test";
import { Intake } from "../../../src/engine/tcp/intake.ts";
import { ReadBuffers } from "../../../src/engine/tcp/read-buffers.ts";
import { ReadMeter } from "../../../src/engine/tcp/read-meter.ts";

const [little, much] = [100, 60_000];

/** The memory itself, whatever part of it is seen. */
function memory({ buffer }: Uint8Array): ArrayBufferLike {
  return buffer;
}

/** Without a word of what is in them, which would be long. */
function assertSame(one: Uint8Array, other: Uint8Array): void {
  assert.ok(memory(one) === memory(other));
}

function rig() {
  const buffers = new ReadBuffers(new ReadMeter(() => undefined));
  const intake = new Intake(buffers);
  const got: Buffer[] = [];
  let keeps = false;
  intake.flowTo((bytes) => {
    got.push(bytes);
    return keeps;
  });
  return {
    buffers,
    intake,
    got,
    next: intake.buffer,
    /** Has so many bytes read, and says whether the sink keeps them. */
    read: (length: number, isKept = false): Uint8Array => {
      keeps = isKept;
      const into = intake.buffer();
      into.fill(length % 251, 0, length);
      assert.equal(intake.callback(length), true);
      return into;
    },
  };
}

test("a little is copied out of what all share, so that it outlives the next read", () => {
  const { buffers, got, next, read } = rig();
  assertSame(read(little), buffers.shared);
  assertSame(read(little + 1, true), buffers.shared);
  assertSame(next(), buffers.shared);
  assert.ok(got[0]?.every((byte) => byte === little));
  assert.ok(got[1]?.every((byte) => byte === little + 1));
});

test("a stream has a buffer of its own, used again while its far side keeps up", () => {
  const { buffers, next, read } = rig();
  read(much);
  const own = next();
  assert.ok(memory(own) !== memory(buffers.shared));
  assertSame(read(much), own);
  assertSame(next(), own);
  read(little);
  assertSame(next(), buffers.shared);
  assertSame(buffers.take(), own);
});

test("what the far side has not taken is not read over, and used again once it has", () => {
  const { buffers, intake, got, next, read } = rig();
  read(much);
  const first = read(much, true);
  const second = next();
  assert.ok(memory(second) !== memory(first));
  assert.equal(second.length, 65_536, "what waits and what is read make one buffer at most");
  read(much, true);
  assert.equal(new Set([first, second, next()].map(memory)).size, 3);
  assert.ok(got[1]?.every((byte) => byte === much % 251));
  intake.drained();
  const again = new Set([buffers.take(), buffers.take()].map(memory));
  assert.ok(again.isSubsetOf(new Set([first, second].map(memory))));
  assert.equal(again.size, 2);
  assert.equal(next().length, 131_072);
});

test("a closed connection gives back its own buffer, and not what is still being sent", () => {
  const { buffers, intake, next, read } = rig();
  read(much);
  const lent = read(much, true);
  const own = next();
  intake.close();
  assertSame(buffers.take(), own);
  intake.drained();
  assert.ok(memory(buffers.take()) !== memory(lent));
});

test("what comes while nobody takes it is kept, in order, and stops the reading", () => {
  const intake = new Intake(new ReadBuffers(new ReadMeter(() => undefined)));
  const say = (text: string): boolean => intake.callback(intake.buffer().write(text));
  assert.equal(say("first "), false);
  assert.equal(say("second "), false);
  let got = "";
  intake.flowTo((bytes) => {
    got += bytes.toString();
    return false;
  });
  assert.equal(got, "first second ");
  assert.equal(say("third"), true);
  assert.equal(got, "first second third");
  intake.flowTo(undefined);
  assert.equal(say("fourth"), false);
});

test("where streams may have no more of their own they share, and are read a little at a time", () => {
  const buffers = new ReadBuffers(new ReadMeter(() => undefined), 2 * 131_072);
  const intakes = Array.from({ length: 3 }, () => new Intake(buffers));
  for (const intake of intakes) {
    intake.flowTo(() => false);
    intake.buffer();
    intake.callback(16 * 1024);
  }
  const [first, , third] = intakes;
  assert.deepEqual(
    intakes.map((intake) => intake.buffer().length),
    [131_072, 131_072, 4 * 1024],
  );
  assert.deepEqual(
    intakes.map(({ isShort }) => isShort),
    [false, false, true],
  );
  first?.close();
  third?.callback(4 * 1024);
  assert.equal(third?.isShort, false, "what one gave back another may have");
  assert.equal(third?.buffer().length, 131_072);
});

test("what was lent when a connection closed counts no longer", () => {
  const buffers = new ReadBuffers(new ReadMeter(() => undefined), 2 * 131_072);
  const intake = new Intake(buffers);
  intake.flowTo(() => true);
  for (const length of [16 * 1024, much]) {
    intake.buffer();
    intake.callback(length);
  }
  assert.equal(buffers.isShort, true, "one is lent, and one is read into");
  intake.close();
  assert.equal(buffers.isShort, false);
  buffers.take();
  assert.equal(buffers.isShort, false);
});

test("while memory is scarce no stream gets a buffer of its own, and none is kept", () => {
  const buffers = new ReadBuffers(new ReadMeter(() => undefined));
  const own = buffers.take();
  buffers.isScarce = true;
  assertSame(buffers.take(), buffers.shared);
  buffers.give(own);
  buffers.isScarce = false;
  const next = buffers.take();
  assert.ok(memory(next) !== memory(own) && memory(next) !== memory(buffers.shared));
});

test("where memory is short a copy that waits keeps no more than itself", () => {
  const buffers = new ReadBuffers(new ReadMeter(() => undefined), 0);
  const copy = buffers.copy(Buffer.alloc(little, 7));
  assert.equal(memory(copy).byteLength, little);
  assert.deepEqual(copy, Buffer.alloc(little, 7));
});
