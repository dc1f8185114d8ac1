const alternate = "\u001B[?1049h\u001B[?25l";
const normal = "\u001B[?25h\u001B[?1049l";
const home = "\u001B[H";
const clearLine = "\u001B[K";
const clearBelow = "\u001B[J";
const usual = { columns: 80, rows: 24 };

export interface TerminalEvents {
  readonly typed: (text: string) => void;
  readonly resized: () => void;
}

/** A terminal that is ours alone until it is disposed, and then as it was before; also when the program ends otherwise. */
export class Terminal implements Disposable {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  readonly #events: TerminalEvents;
  readonly #restore = (): void => this[Symbol.dispose]();
  readonly #typed = (chunk: Buffer): void => this.#events.typed(chunk.toString("utf8"));
  #isOurs = true;

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream, events: TerminalEvents) {
    this.#input = input;
    this.#output = output;
    this.#events = events;
    process.once("exit", this.#restore);
    // A terminal that goes away takes the program with it by a signal.
    output.on("error", () => undefined);
    input.on("error", () => undefined);
    input.setRawMode(true);
    input.on("data", this.#typed);
    output.on("resize", events.resized);
    output.write(alternate);
  }

  get columns(): number {
    return this.#output.columns > 0 ? this.#output.columns : usual.columns;
  }

  get rows(): number {
    return this.#output.rows > 0 ? this.#output.rows : usual.rows;
  }

  /** False when the terminal, or NO_COLOR, wants none. */
  get colour(): boolean {
    return this.#output.hasColors();
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOurs) return;
    const text = lines.map((line) => `${line}${clearLine}`).join("\r\n");
    this.#output.write(`${home}${text}${clearBelow}`);
  }

  [Symbol.dispose](): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    process.off("exit", this.#restore);
    this.#input.off("data", this.#typed);
    this.#output.off("resize", this.#events.resized);
    this.#input.setRawMode(false);
    this.#input.pause();
    this.#output.write(normal);
  }
}
