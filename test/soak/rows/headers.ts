import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { formatV1, formatV2 } from "../../../src/engine/proxy-protocol/format.ts";
import { corpus } from "../../fixtures/proxy-protocol/corpus.ts";
import { feed } from "../../fixtures/proxy-protocol/feeding.ts";
import { readNaively } from "../../fixtures/proxy-protocol/naive-reader.ts";
import { seeded } from "../../support/faults/seeded.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";

const count = 1_000_000;
const known = corpus.map(({ bytes }) => bytes).filter(({ length }) => length > 0 && length < 2000);

/** Headers, good and bad, with up to four of their bytes replaced, dropped or doubled. */
class Mutations {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): Buffer {
    const bytes = [...this.#header()];
    for (let changes = this.#below(5); changes > 0; changes -= 1) {
      const copies = Array.from({ length: this.#below(3) }, () => this.#below(256));
      bytes.splice(this.#below(bytes.length), 1, ...copies);
    }
    return Buffer.from(bytes);
  }

  #header(): Buffer {
    if (this.#below(2) === 0) return known[this.#below(known.length)] ?? Buffer.alloc(0);
    const host = this.#below(2) === 0 ? (): string => this.#ipv4() : (): string => this.#ipv6();
    const end = (): { host: string; port: number } => ({ host: host(), port: this.#below(65_536) });
    const ends = { source: end(), destination: end() };
    return this.#below(2) === 0 ? formatV1(ends) : formatV2(ends);
  }

  #ipv4(): string {
    return Array.from({ length: 4 }, () => this.#below(256)).join(".");
  }

  #ipv6(): string {
    const group = (): string => (this.#below(3) === 0 ? "0" : this.#below(65_536).toString(16));
    return Array.from({ length: 8 }, group).join(":");
  }

  #below(most: number): number {
    return Math.floor(this.#random() * most);
  }
}

/** What is read of each is what a reader makes of it that is slow and obvious. */
async function mutatedHeaders({ tell }: LoadOptions): Promise<void> {
  const mutations = new Mutations(seeded(11));
  const kinds = { proxied: 0, local: 0, bad: 0, more: 0 };
  const startedAt = performance.now();
  for (let round = 0; round < count; round += 1) {
    const bytes = mutations.next();
    const { said, rest } = feed([bytes]);
    const naive = readNaively(bytes);
    const isAccepted = said.startsWith("v");
    if ((isAccepted ? said : "bad") !== naive.said) {
      assert.fail(`${bytes.toString("hex")}: ${said}, and not ${naive.said}`);
    }
    if (isAccepted) assert.equal(bytes.length - rest.length, naive.length);
    kinds[kindOf(said)] += 1;
    if (round % 10_000 === 0) await turn();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  tell(`${count} headers in ${seconds.toFixed(0)} s: ${JSON.stringify(kinds)}`);
  assert.ok(Object.values(kinds).every((each) => each > count / 1000));
}

function kindOf(said: string): "proxied" | "local" | "bad" | "more" {
  if (said.includes(">")) return "proxied";
  if (said.startsWith("v")) return "local";
  return said === "more" ? "more" : "bad";
}

export const headerRows: readonly LoadRow[] = [
  { id: "P10", what: "a million mutated PROXY headers", run: mutatedHeaders },
];
