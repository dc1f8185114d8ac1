/** Digits of an address as the kernel writes it. */
export type AddressDigits = 8 | 32;

const newline = 0x0a;
const colon = 0x3a;
/** `0000` as one number. */
const fourZeroes = 0x30303030;

/**
 * Bytes on their way, by both ends of a connection, as one table of the kernel has them [proc_net: tcp, tx_queue];
 * those of which there are none are left out. Tables of tens of thousands of lines are common, so only lines that
 * say something become strings.
 *
 *     12: 0100007F:1F90 0100007F:C350 01 00000400:00000000 …
 */
export class SendQueueTable {
  readonly #queues = new Map<string, number>();
  readonly #ports = new Set<number>();

  constructor(text: Buffer, digits: AddressDigits) {
    const endsLength = 2 * (digits + ":1F90".length) + 1;
    const untilHeld = endsLength + " 01 ".length;
    for (let line = text.indexOf(newline) + 1; line > 0; line = text.indexOf(newline, line) + 1) {
      const ends = text.indexOf(colon, line) + ": ".length;
      const held = ends + untilHeld;
      if (held + 8 > text.length) break;
      const isNothing =
        text.readUInt32LE(held) === fourZeroes && text.readUInt32LE(held + 4) === fourZeroes;
      if (!isNothing) this.#add(text.toString("latin1", ends, ends + endsLength), text, held);
    }
  }

  /** True when a connection between these ports has bytes on their way: a look that costs little. */
  hasPorts(local: number, remote: number): boolean {
    return this.#ports.has(pair(local, remote));
  }

  /** Bytes on their way between these ends, written as the kernel does: `0100007F:1F90 0100007F:C350`. */
  heldBetween(ends: string): number {
    return this.#queues.get(ends) ?? 0;
  }

  #add(ends: string, text: Buffer, held: number): void {
    const [local = "", remote = ""] = ends.split(" ");
    this.#queues.set(ends, Number.parseInt(text.toString("latin1", held, held + 8), 16));
    this.#ports.add(pair(portOf(local), portOf(remote)));
  }
}

function portOf(end: string): number {
  return Number.parseInt(end.slice(end.indexOf(":") + 1), 16);
}

function pair(local: number, remote: number): number {
  return local * 2 ** 16 + remote;
}
