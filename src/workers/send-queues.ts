import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { hostBytes, mapped } from "../engine/proxy-protocol/addresses.ts";

/** What a table says is taken for true this long, in ms, so that a storm of questions costs one reading. */
const freshMs = 1000;

/** Bytes that are on their way, by both ends as the kernel writes them; without those of which there are none. */
type Queues = ReadonlyMap<string, number>;

/**
 * How much the kernel holds of what sockets were given, because it has not been sent or not been acknowledged
 * [proc_net: tcp, tx_queue]. A table has a line for every socket of this host, so it is read beside the thread's own
 * work and seldom.
 */
export class SendQueues {
  readonly #tables = { IPv4: new Table("/proc/net/tcp"), IPv6: new Table("/proc/net/tcp6") };
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Bytes under way to the peer of a socket, at most a second ago; undefined where the kernel does not say. */
  async heldFor(socket: Socket): Promise<number | undefined> {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    const local = end(localAddress, localPort);
    const remote = end(remoteAddress, remotePort);
    if (local === undefined || remote === undefined) return undefined;
    const table = localAddress?.includes(":") === true ? this.#tables.IPv6 : this.#tables.IPv4;
    const queues = await table.read(this.#clock());
    return queues === undefined ? undefined : (queues.get(`${local} ${remote}`) ?? 0);
  }
}

class Table {
  readonly #path: string;
  #readAt = -Infinity;
  #queues: Promise<Queues | undefined> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  read(now: number): Promise<Queues | undefined> {
    if (this.#queues === undefined || now - this.#readAt >= freshMs) {
      this.#readAt = now;
      this.#queues = readQueues(this.#path);
    }
    return this.#queues;
  }
}

async function readQueues(path: string): Promise<Queues | undefined> {
  let text: string;
  try {
    text = await readFile(path, "latin1");
  } catch {
    // Not Linux: the kernel keeps the number to itself.
    return undefined;
  }
  const queues = new Map<string, number>();
  const lines = /^ *\d+: ([0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4}) .. ([0-9A-F]{8}):/gm;
  for (const [, ends = "", held = ""] of text.matchAll(lines)) {
    if (held !== "00000000") queues.set(ends, Number.parseInt(held, 16));
  }
  return queues;
}

/** Each group of four bytes is written as one number of this machine's, so little endian wherever we run. */
function end(host: string | undefined, port: number | undefined): string | undefined {
  const plain = hostBytes(host ?? "");
  if (plain === undefined || port === undefined) return undefined;
  const bytes = Buffer.from(host?.includes(":") === true ? mapped(plain) : plain).swap32();
  return `${bytes.toString("hex")}:${port.toString(16).padStart(4, "0")}`.toUpperCase();
}
