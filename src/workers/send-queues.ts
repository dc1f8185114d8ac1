import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { hostBytes, mapped } from "../engine/proxy-protocol/addresses.ts";
import type { Held } from "../engine/tcp/flow.ts";
import { SendQueueTable, type AddressDigits } from "./send-queue-table.ts";

/** What a table says is taken for true this long, in ms, so that a storm of questions costs one reading. */
const freshMs = 1000;

/**
 * Bytes of a table that are worth a ms without a reading: 25,000 sockets, of 150 bytes each, take the kernel 50 ms and
 * are read once a second at most, 100,000 every four seconds.
 */
const bytesPerMs = 4000;

/** Time as the tables see it. */
export interface Time {
  /** In ms, of a clock that never goes back. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * How much the kernel holds of what sockets were given, because it has not been sent or not been acknowledged
 * [proc_net: tcp, tx_queue]. A table has a line for every socket of this host, so it is read beside the thread's own
 * work and seldom.
 */
export class SendQueues {
  readonly #tables: Readonly<Record<"IPv4" | "IPv6", Readings>>;

  constructor(time: Time) {
    this.#tables = {
      IPv4: new Readings("/proc/net/tcp", 8, time),
      IPv6: new Readings("/proc/net/tcp6", 32, time),
    };
  }

  /** Bytes under way to the peer of a socket, later than at `since`; undefined where the kernel does not say. */
  async heldFor(socket: Socket, since: number): Promise<Held | undefined> {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (localPort === undefined || remotePort === undefined) return undefined;
    const readings = localAddress?.includes(":") === true ? this.#tables.IPv6 : this.#tables.IPv4;
    const reading = await readings.later(since);
    if (reading === undefined) return undefined;
    const { table, at } = reading;
    if (!table.hasPorts(localPort, remotePort)) return { bytes: 0, at };
    const ends = `${end(localAddress, localPort)} ${end(remoteAddress, remotePort)}`;
    return { bytes: table.heldBetween(ends), at };
  }
}

interface Reading {
  readonly table: SendQueueTable;
  /** When it was begun. */
  readonly at: number;
}

/** One table, read again and again, but not too often. */
class Readings {
  readonly #path: string;
  readonly #digits: AddressDigits;
  readonly #time: Time;
  #begunAt = -Infinity;
  #restsUntil = -Infinity;
  #latest: Promise<Reading | undefined> = Promise.resolve(undefined);
  /** The one that begins as soon as the rest is over. */
  #next: Promise<Reading | undefined> | undefined;

  constructor(path: string, digits: AddressDigits, time: Time) {
    this.#path = path;
    this.#digits = digits;
    this.#time = time;
  }

  /** One that was begun later than at `since`, and not long ago. */
  later(since: number): Promise<Reading | undefined> {
    const isFresh = this.#begunAt > since && this.#time.now() - this.#begunAt < freshMs;
    if (isFresh) return this.#latest;
    return (this.#next ??= this.#begin());
  }

  async #begin(): Promise<Reading | undefined> {
    await this.#latest;
    const restMs = this.#restsUntil - this.#time.now();
    if (restMs > 0) await this.#time.sleep(restMs);
    this.#next = undefined;
    this.#begunAt = this.#time.now();
    this.#latest = this.#read(this.#begunAt);
    return this.#latest;
  }

  async #read(at: number): Promise<Reading | undefined> {
    let text: Buffer;
    try {
      text = await readFile(this.#path);
    } catch {
      // Not Linux: the kernel keeps the number to itself.
      return undefined;
    }
    this.#restsUntil = at + Math.max(freshMs, text.length / bytesPerMs);
    return { table: new SendQueueTable(text, this.#digits), at };
  }
}

/** Each group of four bytes is written as one number of this machine's, so little endian wherever we run. */
function end(host: string | undefined, port: number): string {
  const plain = hostBytes(host ?? "") ?? Buffer.alloc(4);
  const bytes = Buffer.from(host?.includes(":") === true ? mapped(plain) : plain).swap32();
  return `${bytes.toString("hex")}:${port.toString(16).padStart(4, "0")}`.toUpperCase();
}
