import assert from "node:assert/strict";
import { test } from "node:test";
import { SendQueues } from "../../../src/workers/send-queues.ts";
import { eventually } from "../../support/eventually.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { TcpReplica } from "../../support/tcp-replica.ts";

const skip = process.platform === "linux" ? false : "the kernel tells this on Linux only";

for (const host of ["127.0.0.1", "::1"]) {
  test(
    `what a peer on ${host} has not taken is counted, and less of it as it takes some`,
    { skip },
    async () => {
      await using server = await TcpReplica.start((socket) => socket.pause(), 0, host);
      await using client = await TcpClient.open(server.port, host);
      await using idle = await TcpClient.open(server.port, host);
      // A clock that has moved on by a minute at each look has every look read anew.
      let now = 0;
      const queues = new SendQueues(() => (now += 60_000));
      client.socket.write(Buffer.alloc(16 * 1024 * 1024));
      await eventually(async () => ((await queues.heldFor(client.socket)) ?? 0) > 0);
      assert.equal(await queues.heldFor(idle.socket), 0);
      for (const socket of server.sockets) socket.resume();
      await eventually(async () => (await queues.heldFor(client.socket)) === 0);
      idle.socket.destroy();
      assert.equal(await queues.heldFor(idle.socket), undefined);
    },
  );
}

test("however many ask, a table is read once a second", { skip }, async () => {
  await using server = await TcpReplica.start((socket) => socket.pause());
  await using client = await TcpClient.open(server.port);
  let now = 0;
  const queues = new SendQueues(() => now);
  assert.equal(await queues.heldFor(client.socket), 0);
  client.socket.write(Buffer.alloc(16 * 1024 * 1024));
  await eventually(() => server.sockets.length === 1 && client.socket.bytesWritten > 0);
  now = 999;
  assert.equal(await queues.heldFor(client.socket), 0);
  now = 1000;
  assert.ok(((await queues.heldFor(client.socket)) ?? 0) > 0);
});
