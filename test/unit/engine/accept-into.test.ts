import assert from "node:assert/strict";
import { createServer, Server } from "node:net";
import { test } from "node:test";
import { acceptInto } from "../../../src/engine/tcp/accept-into.ts";
import { Intake } from "../../../src/engine/tcp/intake.ts";
import { ReadBuffers } from "../../../src/engine/tcp/read-buffers.ts";
import { ReadMeter } from "../../../src/engine/tcp/read-meter.ts";

const buffers = new ReadBuffers(new ReadMeter(() => undefined));

/** A server of a Node in which nothing but the callback is as we know it. */
function strangeServer() {
  const usual: unknown[][] = [];
  const handle = { onconnection: (...args: unknown[]) => void usual.push(args) };
  const server = createServer();
  Reflect.set(server, "_handle", handle);
  return { server, handle, usual };
}

function never(): never {
  assert.fail("nothing may be accepted");
}

test("a connection whose handle is not taken is left to Node, with all that was told of it", () => {
  const { server, handle, usual } = strangeServer();
  acceptInto(server, () => new Intake(buffers), never);
  handle.onconnection(0, undefined);
  assert.deepEqual(usual, [[0, undefined]]);
});

test("so is what could not be accepted, and what is to be read by events", () => {
  const { server, handle, usual } = strangeServer();
  let asked = 0;
  const byEvents = (): undefined => {
    asked += 1;
    return undefined;
  };
  acceptInto(server, byEvents, never);
  const client = {};
  handle.onconnection(-24, undefined);
  assert.equal(asked, 0);
  handle.onconnection(0, client);
  assert.equal(asked, 1);
  assert.deepEqual(usual, [
    [-24, undefined],
    [0, client],
  ]);
});

test("a server that has no such callback, or is not listening, stays as it is", () => {
  for (const handle of [null, undefined, {}, { onconnection: "a name" }]) {
    const server = new Server();
    Reflect.set(server, "_handle", handle);
    const before = structuredClone(handle);
    acceptInto(server, () => new Intake(buffers), never);
    assert.deepEqual(Reflect.get(server, "_handle"), before);
  }
});
