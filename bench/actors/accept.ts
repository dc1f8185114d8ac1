import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { serveVerbs } from "../support/actor.ts";
import { Board } from "./accept/board.ts";
import { acceptAndHandOver } from "./accept/hand-over.ts";
import type { ThreadOrder, ThreadStart } from "./accept-thread.ts";
import type { AcceptOrder, AcceptVerbs } from "./verbs.ts";

// A process whose worker threads share one listening port in one of three ways, and do nothing else of a proxy's work,
// so that only the sharing differs.

const workers: Worker[] = [];
let board = Board.of(0);
let ownListeners = false;
let bursts: NodeJS.Timeout | undefined;
/** Some MB, as a source's answer is. */
const json = JSON.stringify(
  Array.from({ length: 20_000 }, (_, index) => ({ id: `/app-${index}`, ports: [index], up: true })),
);

serveVerbs<AcceptVerbs>({
  open,
  shares: () => board.shares(),
  block({ burstMs, everyMs }) {
    bursts = setInterval(() => parseFor(burstMs), everyMs);
  },
  unblock() {
    clearInterval(bursts);
  },
  async retire({ worker }) {
    board.retire(worker, true);
    if (ownListeners) await tell(worker, "close");
  },
  async restore({ worker }) {
    board.retire(worker, false);
    if (ownListeners) await tell(worker, "listen");
  },
});

async function open({ sharing, workers: count, port }: AcceptOrder): Promise<void> {
  board = Board.of(count);
  ownListeners = sharing === "reuse-port";
  const hands: MessagePort[] = [];
  for (let number = 0; number < count; number += 1) {
    const { port1, port2 } = new MessageChannel();
    hands.push(port1);
    const from = ownListeners ? port : port2;
    const { memory } = board;
    workers.push(await startThread({ kind: "worker", number, from, memory }, [port2]));
  }
  if (sharing === "main-accepts") await acceptAndHandOver({ port, hands, board });
  if (sharing === "thread-accepts")
    await startThread({ kind: "acceptor", port, hands, memory: board.memory }, hands);
}

async function startThread(start: ThreadStart, moved: readonly MessagePort[]): Promise<Worker> {
  const file = new URL("./accept-thread.ts", import.meta.url);
  const transferList = start.kind === "worker" && typeof start.from === "number" ? [] : [...moved];
  const thread = new Worker(file, { workerData: start, transferList });
  // Without one of its threads the process measures nothing: it ends, and whoever measures is told why.
  thread.on("error", (error) => {
    throw error;
  });
  await once(thread, "message");
  return thread;
}

async function tell(worker: number, order: ThreadOrder): Promise<void> {
  const thread = workers[worker];
  if (thread === undefined) throw new Error(`no worker ${worker}`);
  const done = once(thread, "message");
  thread.postMessage(order);
  await done;
}

function parseFor(ms: number): void {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) JSON.parse(json);
}
