import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Board } from "./accept/board.ts";
import { acceptAndHandOver, listening } from "./accept/hand-over.ts";
import { Answering } from "./replica/answering.ts";

// A thread of the process whose threads share one port: a worker that answers, or the one that accepts for them.

export type ThreadStart = AcceptorStart | WorkerStart;

interface AcceptorStart {
  readonly kind: "acceptor";
  readonly port: number;
  readonly hands: readonly MessagePort[];
  readonly memory: SharedArrayBuffer;
}

interface WorkerStart {
  readonly kind: "worker";
  readonly number: number;
  /** Where to listen, or where accepted connections come from. */
  readonly from: number | MessagePort;
  readonly memory: SharedArrayBuffer;
}

/** Told to a worker that listens itself; answered by "done". */
export type ThreadOrder = "close" | "listen";

if (!isMainThread && parentPort !== null) await run(parentPort, workerData);

async function run(port: MessagePort, start: ThreadStart): Promise<void> {
  const board = new Board(start.memory);
  if (start.kind === "acceptor") await acceptAndHandOver({ ...start, board });
  else await work(port, start, board);
  port.postMessage("done");
}

async function work(port: MessagePort, { number, from }: WorkerStart, board: Board): Promise<void> {
  const answering = new Answering(number);
  const serve = (socket: Socket): void => {
    socket.once("close", () => board.lost(number));
    answering.serve(socket);
  };
  if (typeof from !== "number") {
    // Handed over paused.
    from.on("message", ({ socket }: { readonly socket: Socket }) => {
      serve(socket);
      socket.resume();
    });
    return;
  }
  const accept = (socket: Socket): void => {
    board.took(number);
    serve(socket);
  };
  let server = await listen(from, accept);
  port.on("message", async (order: ThreadOrder) => {
    if (order === "close") server.close();
    else server = await listen(from, accept);
    port.postMessage("done");
  });
}

async function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, accept);
  server.listen({ ...listening, port, reusePort: true });
  await once(server, "listening");
  return server;
}
