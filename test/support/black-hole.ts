import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";

export interface BlackHole extends AsyncDisposable {
  readonly port: number;
}

/**
 * A port whose SYNs get no answer: a listener with a backlog of 1 in a thread that never accepts, filled with
 * connections until one hangs. A firewall's DROP looks the same from outside.
 */
export async function blackhole(): Promise<BlackHole> {
  const worker = new Worker(
    `const { createServer } = require("node:net");
     const { parentPort } = require("node:worker_threads");
     const server = createServer();
     server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  worker.on("error", () => undefined);
  const [port]: unknown[] = await once(worker, "message");
  if (typeof port !== "number") throw new Error("no port");
  const fillers: Socket[] = [];
  for (let connected = true; connected;) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    fillers.push(socket);
    connected = await Promise.race([once(socket, "connect").then(() => true), wait(300, false)]);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}
