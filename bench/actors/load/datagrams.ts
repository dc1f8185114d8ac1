import { createSocket, type Socket } from "node:dgram";
import type { Address } from "../../../src/model/address.ts";
import { damaged, decodeFrame, encodeFrame } from "../../support/frames.ts";
import type { FloodOrder } from "../verbs.ts";
import type { Asker, AskerOptions } from "./asker.ts";

/** After this time, in ms, a datagram or its answer counts as lost. */
const lostMs = 500;

/** One UDP socket, one request at a time; what is not answered in time is a failure. */
export class DatagramAsker implements Asker {
  readonly #options: AskerOptions;
  readonly #socket: Socket;
  readonly #watch: NodeJS.Timeout;
  #dueAt: number | undefined;
  #isClosed = false;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#socket = connected(options.target);
    this.#socket.on("message", (answer) => this.#answered(answer));
    this.#watch = setInterval(() => this.#look(), lostMs / 5);
  }

  ask(dueAt: number): void {
    if (this.#isClosed) return;
    this.#dueAt = dueAt;
    this.#socket.send(this.#options.request);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#socket.close();
  }

  #answered(answer: Buffer): void {
    const { score, idle } = this.#options;
    const dueAt = this.#dueAt;
    this.#dueAt = undefined;
    if (dueAt === undefined) score.failed("an answer that nobody waited for");
    else {
      score.completed(performance.now() - dueAt, decodeFrame(answer).word);
      idle();
    }
  }

  #look(): void {
    if (this.#dueAt === undefined || performance.now() - this.#dueAt < lostMs) return;
    this.#dueAt = undefined;
    this.#options.score.failed("lost");
    this.#options.idle();
  }
}

// No larger: Pen damages datagrams of 65,507 bytes, and what is measured has 200.
const sizes = [64, 1472, 1473, 9000];

/** Sends checked datagrams of many sizes and asks for checked answers; rejects at the first that is wrong or missing. */
export async function proveDatagrams(target: Address): Promise<void> {
  const socket = connected(target);
  try {
    for (const bytes of sizes) await exchange(socket, bytes);
  } finally {
    socket.close();
  }
}

/** One datagram each from so many sockets that are closed at once. */
export async function flood({
  target,
  sources,
  ratePerSecond,
}: FloodOrder): Promise<{ ms: number }> {
  const startedAt = performance.now();
  for (let sent = 0; sent < sources;) {
    const due = Math.min(sources, ((performance.now() - startedAt) / 1000) * ratePerSecond);
    for (; sent < due; sent += 1) sendOnce(target, sent);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  return { ms: performance.now() - startedAt };
}

function sendOnce({ host, port }: Address, source: number): void {
  const socket = createSocket({ type: "udp4", lookup: literal });
  socket.on("error", () => undefined);
  // Every address of loopback's network is ours to send from.
  socket.bind(0, `127.${1 + ((source >> 16) & 127)}.${(source >> 8) & 255}.${1 + (source % 254)}`);
  socket.send(encodeFrame(64, 64), port, host, () => socket.close());
}

function exchange(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`${bytes} bytes by UDP: ${reason}`));
    const timer = setTimeout(() => fail("no answer"), 5000);
    socket.once("message", (answer) => {
      clearTimeout(timer);
      const { word, intact, bytes: length } = decodeFrame(answer);
      if (word === damaged) fail("arrived damaged");
      else if (!intact || length !== bytes) fail("the answer arrived damaged");
      else resolve();
    });
    socket.send(encodeFrame(bytes, bytes));
  });
}

function connected({ host, port }: Address): Socket {
  const options = { type: "udp4", recvBufferSize: 1024 * 1024, lookup: literal } as const;
  const socket = createSocket(options);
  socket.on("error", () => undefined);
  socket.bind(0, "127.0.0.1");
  socket.connect(port, host);
  return socket;
}

function literal(
  address: string,
  _options: unknown,
  found: (error: Error | null, address: string, family: number) => void,
): void {
  found(null, address, 4);
}
