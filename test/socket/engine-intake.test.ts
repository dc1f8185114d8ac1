import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";

// All connections of a thread read both their sides into memory that they share or hand on. What one of them still has to
// send must never be written over by what another one reads.

/**
 * Says blocks of a size, each of one letter, a few at a time, until it is told to end: how much waits in the kernel's
 * buffers is each machine's own affair. The number of bytes that were said.
 */
async function recite(socket: Socket, blockBytes: number, told: AbortSignal): Promise<number> {
  let blocks = 0;
  while (!told.aborted && !socket.destroyed) {
    const isTaken = socket.write(Buffer.alloc(blockBytes, letterAt(blocks)));
    blocks += 1;
    if (isTaken) await turn();
    else await Promise.race([once(socket, "drain"), once(socket, "close"), once(told, "abort")]);
  }
  socket.end();
  return blocks * blockBytes;
}

/** Does something again and again until nothing of what a socket says has gone anywhere ten times in a row. */
async function untilStuck(
  saying: () => Socket | undefined,
  meanwhile: () => Promise<void>,
): Promise<void> {
  let left = -1;
  for (let same = 0; same < 10;) {
    await meanwhile();
    const socket = saying();
    assert.ok(socket && !socket.destroyed);
    const isSame = socket.writableLength > 0 && socket.bytesWritten === left;
    same = isSame ? same + 1 : 0;
    left = socket.bytesWritten;
  }
}

function letterAt(block: number): string {
  return String.fromCharCode(97 + (block % 23));
}

/** What was recited, as far as it has come; throws at the first byte that is another one. */
function checkRecital(got: Buffer, blockBytes: number): void {
  for (let block = 0; block * blockBytes < got.length; block += 1) {
    const part = got.subarray(block * blockBytes, (block + 1) * blockBytes);
    const want = Buffer.alloc(part.length, letterAt(block));
    assert.ok(part.equals(want), `block ${block} of ${blockBytes} bytes is another one`);
  }
}

/** The sizes of blocks, and where memory is short, so that streams have none of their own. */
function cases(sizes: readonly number[]): { blockBytes: number; short: object; when: string }[] {
  return sizes.flatMap((blockBytes) => [
    { blockBytes, short: {}, when: "" },
    ...(blockBytes > 16_384
      ? [{ blockBytes, short: { streamBytes: 0 }, when: " while memory is short" }]
      : []),
  ]);
}

// A little more than a message, in the middle of a stream, as much as one read.
for (const { blockBytes, short, when } of cases([1000, 20_000, 30_000, 65_536, 131_072])) {
  test(`blocks of ${blockBytes} bytes wait for a client that reads nothing${when}, whatever others read meanwhile`, async () => {
    const told = new AbortController();
    let said = Promise.resolve(0);
    await using reciting = await TcpReplica.start((socket) => {
      said = recite(socket, blockBytes, told.signal);
    });
    await using echoing = await TcpReplica.start(echo);
    await using proxy = new EngineFixture(short);
    const [port, other] = [await freePort(), await freePort()];
    await proxy.serve(port, [reciting.port]);
    await proxy.serve(other, [echoing.port]);
    await using stalled = await TcpClient.open(port);
    stalled.socket.pause();
    const visit = async (): Promise<void> => {
      const bytes = randomBytes(300_000);
      await using client = await TcpClient.open(other);
      for (let at = 0; at < bytes.length; at += 3000) {
        client.socket.write(bytes.subarray(at, at + 3000));
        if (at % 30_000 === 0) await turn();
      }
      client.socket.end();
      await eventually(() => client.closed);
      assert.ok(client.received.equals(bytes));
    };
    // It holds what it can for the stalled client once its replica gets rid of nothing any more.
    await untilStuck(() => reciting.sockets[0], visit);
    told.abort();
    stalled.socket.resume();
    await eventually(() => stalled.ended, { withinMs: 60_000 });
    assert.equal(stalled.received.length, await said);
    checkRecital(stalled.received, blockBytes);
  });
}

// Those that wait upload into the kernel's buffers and ours.
for (const { blockBytes, short, when } of cases([1000, 30_000, 131_072])) {
  test(`blocks of ${blockBytes} bytes wait for a replica that reads nothing${when}, whatever others send meanwhile`, async () => {
    let got = 0;
    let isWhole = true;
    const arrived = Promise.withResolvers<Socket>();
    await using stalled = await TcpReplica.start((socket) => {
      socket.pause();
      arrived.resolve(socket);
      socket.on("data", (chunk: Buffer) => {
        for (let at = 0; at < chunk.length; at += 1) {
          const letter = letterAt(Math.floor((got + at) / blockBytes)).charCodeAt(0);
          if (chunk[at] !== letter) isWhole = false;
        }
        got += chunk.length;
      });
    });
    await using echoing = await TcpReplica.start(echo);
    await using proxy = new EngineFixture(short);
    const [port, other] = [await freePort(), await freePort()];
    await proxy.serve(port, [stalled.port]);
    await proxy.serve(other, [echoing.port]);
    await using reciting = await TcpClient.open(port);
    const told = new AbortController();
    const said = recite(reciting.socket, blockBytes, told.signal);
    const replica = await arrived.promise;
    const visit = async (): Promise<void> => {
      const bytes = randomBytes(300_000);
      await using client = await TcpClient.open(other);
      client.socket.end(bytes);
      await eventually(() => client.closed);
      assert.ok(client.received.equals(bytes));
    };
    await untilStuck(() => reciting.socket, visit);
    told.abort();
    replica.resume();
    await eventually(() => replica.readableEnded, { withinMs: 60_000 });
    assert.equal(got, await said);
    assert.ok(isWhole, "another one's bytes");
  });
}

test("a replica that resets in the middle of a stream leaves the streams of others whole", async () => {
  await using breaking = await TcpReplica.start((socket) => {
    socket.write(Buffer.alloc(1_000_000, "x"), () => socket.resetAndDestroy());
  });
  const told = new AbortController();
  let said = Promise.resolve(0);
  await using reciting = await TcpReplica.start((socket) => {
    said = recite(socket, 30_000, told.signal);
  });
  await using proxy = new EngineFixture();
  const [port, other] = [await freePort(), await freePort()];
  await proxy.serve(port, [reciting.port]);
  await proxy.serve(other, [breaking.port]);
  await using client = await TcpClient.open(port);
  client.socket.pause();
  await untilStuck(
    () => reciting.sockets[0],
    async () => {
      await using cut = await TcpClient.open(other);
      await eventually(() => cut.closed || cut.ended);
      assert.ok(cut.received.equals(Buffer.alloc(cut.received.length, "x")));
    },
  );
  told.abort();
  client.socket.resume();
  await eventually(() => client.ended, { withinMs: 60_000 });
  assert.equal(client.received.length, await said);
  checkRecital(client.received, 30_000);
});
