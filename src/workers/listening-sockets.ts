import { closeSync, openSync, readSync } from "node:fs";
import { addressOf } from "./kernel-address.ts";

/** A table of sockets of the kernel, and how many characters an address has in it [proc_net: tcp]. */
interface Table {
  readonly path: string;
  readonly width: number;
}

const ofKernel: readonly Table[] = [
  { path: "/proc/net/tcp", width: 13 },
  { path: "/proc/net/tcp6", width: 37 },
];

/** The state of a socket that listens. */
const listen = "0A";

const chunkBytes = 64 * 1024;

/** TCP sockets that listen in this network, as the kernel tells: of thousands it takes some ms to know. */
export class ListeningSockets {
  readonly #tables: readonly Table[];
  /** Addresses by how the kernel writes them, as of the last look: they are the same again and again. */
  #addresses = new Map<string, string>();

  constructor(tables: readonly Table[] = ofKernel) {
    this.#tables = tables;
  }

  /** How many there are, by `host:port`; undefined where the kernel does not say. */
  read(): ReadonlyMap<string, number> | undefined {
    const counts = new Map<string, number>();
    const addresses = new Map<string, string>();
    let isKnown = false;
    for (const table of this.#tables) {
      const lines = readHead(table);
      isKnown ||= lines !== undefined;
      for (const hex of lines ?? []) {
        const address = this.#addresses.get(hex) ?? addressOf(hex) ?? hex;
        addresses.set(hex, address);
        counts.set(address, (counts.get(address) ?? 0) + 1);
      }
    }
    this.#addresses = addresses;
    return isKnown ? counts : undefined;
  }
}

/**
 * Local addresses of the sockets that listen, as they are written; undefined for a table that is not there. They stand
 * before all others [linux: net/ipv4/tcp_ipv4.c], and what comes after them is not read: it may be a hundred thousand.
 */
function readHead({ path, width }: Table): string[] | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    // Not Linux, or without that version of the protocol.
    return undefined;
  }
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const found: string[] = [];
    let isOver = false;
    let rest = "";
    while (!isOver) {
      const length = readSync(file, chunk, 0, chunkBytes, null);
      const lines = (rest + chunk.toString("latin1", 0, length)).split("\n");
      rest = lines.pop() ?? "";
      isOver = length === 0 || !take(lines, width, found);
    }
    return found;
  } finally {
    closeSync(file);
  }
}

/** Adds the addresses of lines; false when there is one of a socket that does not listen. */
function take(lines: readonly string[], width: number, found: string[]): boolean {
  for (const line of lines) {
    const local = line.indexOf(": ") + 2;
    // Only the heading has no number before a colon.
    if (local === 1) continue;
    const state = local + 2 * (width + 1);
    if (line.slice(state, state + 2) !== listen) return false;
    found.push(line.slice(local, local + width));
  }
  return true;
}
