import assert from "node:assert/strict";
import { test } from "node:test";
import { SendQueues } from "../../../src/workers/send-queues.ts";
import { eventually } from "../../support/eventually.ts";
import { noIPv6 } from "../../support/no-ipv6.ts";
import { pour, untilStill } from "../../support/pouring.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { TcpReplica } from "../../support/tcp-replica.ts";

const skip = process.platform === "linux" ? false : "the kernel tells this on Linux only";

for (const host of ["127.0.0.1", "::1"]) {
  test(
    `what a peer on ${host} has not taken is counted, and less of it as it takes some`,
    { skip: skip || (host === "::1" && noIPv6()) },
    async () => {
      await using server = await TcpReplica.start((socket) => socket.pause(), 0, host);
      await using client = await TcpClient.open(server.port, host);
      await using idle = await TcpClient.open(server.port, host);
      // A clock that has moved on by a minute at each look has every look read anew.
      let now = 0;
      const queues = new SendQueues({ now: () => (now += 60_000), sleep: async () => undefined });
      const held = async ({ socket }: TcpClient): Promise<number | undefined> =>
        (await queues.heldFor(socket, now))?.bytes;
      let isOver = false;
      pour(client.socket, { isOver: () => isOver });
      await eventually(async () => ((await held(client)) ?? 0) > 0);
      assert.equal(await held(idle), 0);
      isOver = true;
      for (const socket of server.sockets) socket.resume();
      await eventually(async () => (await held(client)) === 0);
      idle.socket.destroy();
      assert.equal(await held(idle), undefined);
    },
  );
}

test(
  "however many ask, a table is read once a second, and who asks for what is newer waits for the next reading",
  { skip },
  async () => {
    await using server = await TcpReplica.start((socket) => socket.pause());
    await using client = await TcpClient.open(server.port);
    let now = 1;
    const waits: number[] = [];
    const queues = new SendQueues({
      now: () => now,
      sleep: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    });
    assert.deepEqual(await queues.heldFor(client.socket, 0), { bytes: 0, at: 1 });
    pour(client.socket);
    await untilStill(() => client.socket.bytesWritten);
    now = 900;
    assert.deepEqual(await queues.heldFor(client.socket, 0), { bytes: 0, at: 1 });
    assert.deepEqual(waits, []);
    const looks = await Promise.all(
      [500, 900].map((since) => queues.heldFor(client.socket, since)),
    );
    const [wait = 0] = waits;
    // Tables of more than 4 MB are read less often than that.
    assert.ok(wait >= 101 && waits.length === 1, waits.join());
    for (const look of looks)
      assert.ok(look !== undefined && look.bytes > 0 && look.at === 900 + wait);
  },
);
