import assert from "node:assert/strict";
import { test } from "node:test";
import { Intake } from "../../../src/engine/tcp/intake.ts";
import { ReadBuffers } from "../../../src/engine/tcp/read-buffers.ts";
import { ReadMeter } from "../../../src/engine/tcp/read-meter.ts";

const [little, much] = [100, 65_536];

function rig() {
  const buffers = new ReadBuffers(new ReadMeter(() => undefined));
  const intake = new Intake(buffers);
  const { onread } = intake;
  const next = (): Uint8Array =>
    typeof onread.buffer === "function" ? onread.buffer() : onread.buffer;
  const got: Buffer[] = [];
  let keeps = false;
  intake.sink = (bytes) => {
    got.push(bytes);
    return keeps;
  };
  return {
    buffers,
    intake,
    got,
    next,
    /** Has so many bytes read, and says whether the sink keeps them. */
    read: (length: number, isKept = false): Uint8Array => {
      keeps = isKept;
      const into = next();
      into.fill(length % 251, 0, length);
      assert.equal(onread.callback(length, into), true);
      return into;
    },
  };
}

test("a little is copied out of what all share, so that it outlives the next read", () => {
  const { buffers, got, next, read } = rig();
  assert.equal(read(little), buffers.shared);
  assert.equal(read(little + 1, true), buffers.shared);
  assert.equal(next(), buffers.shared);
  assert.ok(got[0]?.every((byte) => byte === little));
  assert.ok(got[1]?.every((byte) => byte === little + 1));
});

test("a stream has a buffer of its own, used again while its far side keeps up", () => {
  const { buffers, next, read } = rig();
  read(much);
  const own = next();
  assert.notEqual(own, buffers.shared);
  assert.equal(read(much), own);
  assert.equal(next(), own);
  read(little);
  assert.equal(next(), buffers.shared, "the stream is over");
  assert.equal(buffers.take(), own, "the next one may have it");
});

test("what the far side has not taken is not read over, and used again once it has", () => {
  const { buffers, intake, got, next, read } = rig();
  read(much);
  const first = read(much, true);
  const second = next();
  assert.notEqual(second, first);
  read(much, true);
  assert.notEqual(next(), second);
  assert.notEqual(next(), first);
  assert.ok(got[1]?.every((byte) => byte === much % 251));
  intake.drained();
  assert.deepEqual(new Set([buffers.take(), buffers.take()]), new Set([first, second]));
});

test("a closed connection gives back its own buffer, and not what is still being sent", () => {
  const { buffers, intake, next, read } = rig();
  read(much);
  const lent = read(much, true);
  const own = next();
  intake.close();
  assert.equal(buffers.take(), own);
  intake.drained();
  assert.notEqual(buffers.take(), lent);
});
