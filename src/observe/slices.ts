import { setImmediate as nextTurn } from "node:timers/promises";

/** What is made in one go, in ms: whatever else the thread has to do waits no longer. */
const sliceMs = 5;

/** Characters of one piece of text; more than that is not looked at the clock for. */
const pieceLength = 32 * 1024;

/** Goes through something long in slices, with turns of the event loop between them. */
export class Slices {
  readonly #clock: () => number;
  #until: number;

  /** The clock in ms. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#until = clock() + sliceMs;
  }

  /** True when it is time for `rest`. */
  get isOver(): boolean {
    return this.#clock() >= this.#until;
  }

  /** Lets everything else have a turn. */
  async rest(): Promise<void> {
    await nextTurn();
    this.#until = this.#clock() + sliceMs;
  }
}

/** Text that is made in slices, as pieces to be sent one after the other. */
export async function inPieces(lines: Iterable<string>, slices: Slices): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let text = "";
  for (const line of lines) {
    text += line;
    if (text.length < pieceLength) continue;
    pieces.push(Buffer.from(text));
    text = "";
    if (slices.isOver) await slices.rest();
  }
  pieces.push(Buffer.from(text));
  return pieces;
}

/** Everything of an iterable whose items cost something, made in slices. */
export async function inSlices<T>(items: Iterable<T>, slices: Slices): Promise<T[]> {
  const all: T[] = [];
  for (const item of items) {
    all.push(item);
    if (all.length % 16 === 0 && slices.isOver) await slices.rest();
  }
  return all;
}
