import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { UpstreamIntake } from "../../../src/engine/http/upstream-intake.ts";
import { ReadBuffers } from "../../../src/engine/tcp/read-buffers.ts";
import { ReadMeter } from "../../../src/engine/tcp/read-meter.ts";

const kibibyte = 1024;

/** An intake that is read into as the platform does it, and what it told. */
class Reading {
  readonly heard: Buffer[] = [];
  /** The answer is whole with the next bytes. */
  isLast = false;
  readonly #intake: UpstreamIntake;

  constructor(buffers: ReadBuffers) {
    this.#intake = new UpstreamIntake(buffers);
    const socket = new Socket();
    socket.on("data", (bytes: Buffer) => {
      this.heard.push(bytes);
      if (this.isLast) this.#intake.restart();
    });
    this.#intake.socket = socket;
  }

  /** Where the next read would go to. */
  get next(): Buffer {
    return this.#intake.buffer();
  }

  read(length: number, filling: number): void {
    this.#intake.buffer().fill(filling, 0, length);
    assert.equal(this.#intake.callback(length), true, "it is read on");
  }
}

function memory(mostBytes?: number): ReadBuffers {
  return new ReadBuffers(new ReadMeter(() => undefined), mostBytes);
}

test("short answers of all go through one buffer, and none harms what another one was told", () => {
  const shared = memory();
  const [one, other] = [new Reading(shared), new Reading(shared)];
  one.read(100, 1);
  other.read(200, 2);
  one.read(50, 3);
  assert.equal(one.next.buffer, other.next.buffer);
  assert.deepEqual(one.heard, [Buffer.alloc(100, 1), Buffer.alloc(50, 3)]);
  assert.deepEqual(other.heard, [Buffer.alloc(200, 2)]);
});

test("each read of a stream has a buffer of its own, until a read that is short", () => {
  const shared = memory();
  const one = new Reading(shared);
  one.read(64 * kibibyte, 1);
  assert.notEqual(one.next.buffer, shared.shared.buffer);
  one.read(64 * kibibyte, 2);
  one.read(5 * kibibyte, 3);
  one.read(100, 4);
  assert.equal(one.next.buffer, shared.shared.buffer);
  one.read(100, 5);
  assert.deepEqual(
    one.heard.map((bytes) => [bytes.length, bytes[0], bytes.at(-1)]),
    [
      [65_536, 1, 1],
      [65_536, 2, 2],
      [5120, 3, 3],
      [100, 4, 4],
      [100, 5, 5],
    ],
  );
});

test("a stream that is over leaves no buffer with a connection that idles", () => {
  const shared = memory();
  const one = new Reading(shared);
  one.read(64 * kibibyte, 1);
  one.isLast = true;
  one.read(64 * kibibyte, 2);
  assert.equal(one.next.buffer, shared.shared.buffer);
  assert.equal(one.heard.at(-1)?.at(-1), 2);
});

test("where memory is short little is read at once, and always copied", () => {
  const short = memory(0);
  const one = new Reading(short);
  for (const filling of [1, 2]) {
    assert.equal(one.next.length, 4 * kibibyte);
    one.read(4 * kibibyte, filling);
  }
  assert.deepEqual(one.heard, [Buffer.alloc(4096, 1), Buffer.alloc(4096, 2)]);
});

test("what is read into new buffers counts for the next small collection", () => {
  let collections = 0;
  const one = new Reading(new ReadBuffers(new ReadMeter(() => (collections += 1))));
  for (let read = 0; read < 200; read += 1) one.read(64 * kibibyte, 1);
  assert.equal(collections, 2);
});
