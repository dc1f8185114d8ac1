import { once } from "node:events";
import { createServer } from "node:net";
import type { MessagePort } from "node:worker_threads";
import type { Board } from "./board.ts";

export interface HandOverOptions {
  readonly port: number;
  /** One to each worker, in the order of the board. */
  readonly hands: readonly MessagePort[];
  readonly board: Board;
}

export const listening = { host: "127.0.0.1", backlog: 4096 } as const;

/** Accepts in this thread and gives each connection, unread, to the least loaded worker. */
export async function acceptAndHandOver({ port, hands, board }: HandOverOptions): Promise<void> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    // What is handed over is closed here, and its errors come up there.
    socket.on("error", () => undefined);
    const worker = board.leastLoaded();
    board.took(worker);
    hands[worker]?.postMessage({ socket }, [socket]);
  });
  server.listen({ ...listening, port });
  await once(server, "listening");
}
