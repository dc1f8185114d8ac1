import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { readKernelDrops } from "../../../src/workers/kernel-drops.ts";
import { noIPv6 } from "../../support/no-ipv6.ts";

const skip = process.platform === "linux" ? false : "the kernel tells this on Linux only";

for (const [type, host, shown] of [
  ["udp4", "127.0.0.1", "127.0.0.1"],
  ["udp6", "::1", "[::1]"],
] as const) {
  const missing = skip || (type === "udp6" && noIPv6());
  test(
    `what a full ${type} socket lost is found under its address`,
    { skip: missing },
    async () => {
      const socket = createSocket({ type, recvBufferSize: 4096 });
      socket.on("error", () => undefined);
      socket.bind(0, host);
      await once(socket, "listening");
      const { port } = socket.address();
      const address = `${shown}:${port}`;
      assert.equal(readKernelDrops(new Set([port])).get(address), 0);
      const sender = createSocket(type);
      sender.on("error", () => undefined);
      // This thread sends without reading in between, so that the buffer must overflow.
      for (let index = 0; index < 100; index += 1) sender.send(Buffer.alloc(1000), port, host);
      sender.send("last", port, host, () => sender.close());
      const sent = once(sender, "close");
      assert.ok((await drops(port, address)) > 0);
      await sent;
      socket.close();
    },
  );
}

async function drops(port: number, address: string): Promise<number> {
  for (let look = 0; look < 100; look += 1) {
    const count = readKernelDrops(new Set([port])).get(address) ?? 0;
    if (count > 0) return count;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return 0;
}
