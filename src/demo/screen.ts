import { Writable } from "node:stream";

const newestKept = 8;
const usual = { columns: 80, rows: 24 };
const home = "\u001B[H";
const clearLine = "\u001B[K";
const clearBelow = "\u001B[J";
const alternate = "\u001B[?1049h\u001B[?25l";
const normal = "\u001B[?25h\u001B[?1049l";

/** A terminal that shows one picture over and over, with the newest log lines below it. */
export class Screen implements Disposable {
  readonly #out: NodeJS.WriteStream;
  readonly #newest: string[] = [];
  /** Where log lines go while the screen is shown. */
  readonly log: Writable;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    const remember = (line: string): void => this.remember(line);
    this.log = new Writable({
      write(chunk: Buffer, _encoding, done) {
        for (const line of chunk.toString().split("\n")) if (line !== "") remember(line);
        done();
      },
    });
    this.log.on("error", () => undefined);
    out.write(alternate);
  }

  /** False when the terminal, or NO_COLOR, wants none. */
  get colour(): boolean {
    return this.#out.hasColors();
  }

  /** Adds a line to those shown below the picture. */
  remember(line: string): void {
    this.#newest.push(line);
    if (this.#newest.length > newestKept) this.#newest.shift();
  }

  /** Draws the picture, cut to the terminal's size. */
  draw(lines: readonly string[]): void {
    // A terminal that does not tell its size says 0.
    const columns = this.#out.columns > 0 ? this.#out.columns : usual.columns;
    const rows = this.#out.rows > 0 ? this.#out.rows : usual.rows;
    const room = Math.max(0, rows - this.#newest.length - 2);
    const shown = [...lines.slice(0, room), "", ...this.#newest.map((line) => cut(line, columns))];
    this.#out.write(`${home}${shown.map((line) => `${line}${clearLine}`).join("\n")}${clearBelow}`);
  }

  /** Gives the terminal back as it was. */
  [Symbol.dispose](): void {
    this.#out.write(normal);
  }
}

/** Log lines may carry colours; those that must be cut lose them. */
function cut(line: string, columns: number): string {
  // oxlint-disable-next-line no-control-regex -- the escape sequences of our own colours
  const plain = line.replaceAll(/\u001B\[[\d;]*m/g, "");
  return plain.length <= columns ? line : `${plain.slice(0, columns - 1)}…`;
}
