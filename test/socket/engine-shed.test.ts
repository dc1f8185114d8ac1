import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineFixture, toRoute } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";

/** An engine whose time passes only here, and which is told to shed a little again and again. */
class ShedRig extends EngineFixture {
  #now = performance.now();

  constructor() {
    super({ checkEveryMs: 3_600_000 });
  }

  /** Goes on until this holds; `meanwhile` has to happen before more time passes. */
  async until(holds: () => boolean, meanwhile?: () => boolean): Promise<void> {
    await eventually(async () => {
      if (meanwhile !== undefined) await eventually(meanwhile);
      this.#now += 600;
      this.engine.shed({ share: 0.01, idleToo: true }, this.#now);
      return holds();
    });
  }
}

/** Says more than anybody's buffers hold, as fast as it is taken. */
async function startEndless(): Promise<TcpReplica> {
  const piece = Buffer.alloc(64 * 1024, "x");
  return await TcpReplica.start((socket) => {
    const pour = (): void => {
      while (socket.write(piece)) continue;
    };
    socket.on("drain", pour);
    pour();
  });
}

test("for want of memory who does not read is ended, and who is idle, but never who is at work (L14)", async () => {
  await using endless = await startEndless();
  await using quiet = await TcpReplica.start(echo);
  await using proxy = new ShedRig();
  const [loud, port] = [await freePort(), await freePort()];
  await proxy.serve(loud, [endless.port]);
  await proxy.engine.apply([{ kind: "set", route: { ...toRoute(port, [quiet.port]), row: 2 } }]);
  await using deaf = await TcpClient.open(loud);
  deaf.socket.pause();
  await using reader = await TcpClient.open(loud);
  reader.socket.removeAllListeners("data");
  reader.socket.resume();
  await eventually(() => proxy.engine.connectionCount === 2);
  let read = 0;
  const hasRead = (): boolean => {
    if (reader.socket.bytesRead - read < 8 * 1024 * 1024) return false;
    read = reader.socket.bytesRead;
    return true;
  };
  await proxy.until(() => proxy.closed["out-of-resources"] === 1, hasRead);
  await using idle = await TcpClient.open(port);
  await eventually(() => proxy.engine.connectionCount === 2);
  await proxy.until(() => idle.closed, hasRead);
  assert.equal(idle.error?.code, "ECONNRESET");
  await proxy.until(() => true, hasRead);
  assert.equal(reader.closed, false);
  assert.equal(proxy.engine.connectionCount, 1);
});

test("a client that waits for an answer is not idle, one that has it is", async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<() => void>();
  await using replica = await TcpReplica.start((socket) => {
    socket.once("data", () => {
      ask(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"));
    });
  });
  await using proxy = new ShedRig();
  const port = await freePort();
  const route = toRoute(port, [replica.port]);
  await proxy.engine.apply([{ kind: "set", route: { ...route, mode: "http" } }]);
  await using client = await TcpClient.open(port);
  client.socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  const answer = await asked;
  for (let count = 0; count < 5; count += 1) await proxy.until(() => true);
  assert.equal(client.closed, false);
  answer();
  await eventually(() => client.text.endsWith("late"));
  await proxy.until(() => client.closed);
  assert.deepEqual(proxy.closed, { "out-of-resources": 1 });
});
