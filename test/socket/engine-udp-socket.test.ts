import assert from "node:assert/strict";
import { test } from "node:test";
import { UdpSocket, type Payload } from "../../src/engine/udp/udp-socket.ts";
import { eventually } from "../support/eventually.ts";
import { echoDatagram, UdpReplica } from "../support/udp-replica.ts";

interface Failure {
  readonly code: unknown;
  readonly unsent: Payload | undefined;
}

/** A socket that notes what fails, closed at the latest with the test. */
function open(stack: DisposableStack): { socket: UdpSocket; failures: Failure[] } {
  const failures: Failure[] = [];
  const socket = new UdpSocket({
    host: "127.0.0.1",
    received: () => undefined,
    failed: (error, unsent) => failures.push({ code: "code" in error && error.code, unsent }),
  });
  stack.defer(() => socket.close());
  return { socket, failures };
}

test("once closed it can be used and closed again without effect (U14)", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  using stack = new DisposableStack();
  const { socket, failures } = open(stack);
  assert.ok(socket.bind("127.0.0.1"));
  socket.connect({ host: "127.0.0.1", port: replica.port });
  socket.send(Buffer.from("heard"));
  await eventually(() => replica.received.length === 1);
  // What is on its way when it is closed must not come back as an error either.
  socket.send(Buffer.from("last"));
  socket.close();
  socket.close();
  assert.ok(socket.send(Buffer.from("late")));
  assert.ok(socket.sendTo(Buffer.from("late"), "127.0.0.1", replica.port));
  await eventually(() => replica.received.length === 2);
  assert.deepEqual(replica.received.map(String), ["heard", "last"]);
  assert.deepEqual(failures, []);
});

test("a port that is taken, and a datagram that is too large, are told and not thrown", async () => {
  await using replica = await UdpReplica.start(echoDatagram);
  using stack = new DisposableStack();
  const taken = open(stack);
  assert.equal(taken.socket.bind("127.0.0.1", replica.port), false);
  assert.deepEqual(taken.failures, [{ code: "EADDRINUSE", unsent: undefined }]);
  const { socket, failures } = open(stack);
  assert.ok(socket.bind("127.0.0.1"));
  socket.sendTo(Buffer.alloc(65_508), "127.0.0.1", replica.port);
  await eventually(() => failures.length === 1);
  assert.deepEqual(failures, [{ code: "EMSGSIZE", unsent: undefined }]);
});

test("what could not be sent since an earlier datagram was refused is given back", async () => {
  const gone = await UdpReplica.start(echoDatagram);
  const { port } = gone;
  await gone[Symbol.asyncDispose]();
  using stack = new DisposableStack();
  const { socket, failures } = open(stack);
  assert.ok(socket.bind("127.0.0.1"));
  socket.connect({ host: "127.0.0.1", port });
  const second = Buffer.from("second");
  socket.send(Buffer.from("first"));
  // The first one is settled, and nothing has been read from the network yet.
  await new Promise((resolve) => {
    process.nextTick(resolve);
  });
  socket.send(second);
  await eventually(() => failures.length > 0);
  assert.deepEqual(failures, [{ code: "ECONNREFUSED", unsent: second }]);
});
