/** Characters of one line that look alike. */
export interface Span {
  readonly text: string;
  /** Words of `styles`, in the order of their codes; empty for plain text. */
  readonly look: string;
}

/** What a terminal shows at one moment: its lines, each in spans. */
export type Picture = readonly (readonly Span[])[];

interface Cell {
  readonly char: string;
  readonly look: string;
}

/** [ecma-48 §8.3.117] The renditions that our own output uses. */
const styles: ReadonlyMap<number, string> = new Map([
  [1, "bold"],
  [2, "dim"],
  [31, "red"],
  [32, "green"],
  [33, "yellow"],
  [34, "blue"],
  [35, "magenta"],
  [36, "cyan"],
  [90, "dim"],
]);

/** Codes that end a rendition, each with those it ends. */
const endings: ReadonlyMap<number, readonly string[]> = new Map([
  [22, ["bold", "dim"]],
  [39, ["red", "green", "yellow", "blue", "magenta", "cyan", "dim"]],
]);

// oxlint-disable-next-line no-control-regex -- escape sequences are what is read here
const piece = /\u001B\[([?\d;]*)([A-Za-z])|\r|\n|[^\u001B\r\n]+/g;

/** As much of a terminal as our own programs ask for: a cursor that moves home and by lines, colours, and clearing. */
export class Terminal {
  #lines: Cell[][] = [];
  #row = 0;
  #column = 0;
  #looks = new Set<string>();
  readonly #drawn: (picture: Picture) => void;

  /** `drawn` gets each picture that is complete: one that ends by clearing what is below. */
  constructor(drawn: (picture: Picture) => void) {
    this.#drawn = drawn;
  }

  /** Takes output; sequences must not be cut between two writes. */
  write(output: string): void {
    for (const [whole, parameters = "", command] of output.matchAll(piece)) {
      if (command !== undefined) this.#control(command, parameters);
      else if (whole === "\r") this.#column = 0;
      else if (whole === "\n") this.#row += 1;
      else this.#print(whole);
    }
  }

  #control(command: string, parameters: string): void {
    switch (command) {
      case "H":
        this.#row = 0;
        this.#column = 0;
        return;
      case "K":
        this.#line.length = Math.min(this.#line.length, this.#column);
        return;
      case "J":
        this.#line.length = Math.min(this.#line.length, this.#column);
        this.#lines.length = Math.min(this.#lines.length, this.#row + 1);
        this.#drawn(this.#lines.map(toSpans));
        return;
      case "m":
        for (const code of parameters.split(";")) this.#render(Number(code));
        return;
      default:
      // The alternate screen and the cursor's own look change nothing in a picture.
    }
  }

  #render(code: number): void {
    if (code === 0) this.#looks.clear();
    for (const look of endings.get(code) ?? []) this.#looks.delete(look);
    const look = styles.get(code);
    if (look !== undefined) this.#looks.add(look);
  }

  #print(text: string): void {
    const look = [...this.#looks].toSorted().join(" ");
    for (const char of text) {
      while (this.#line.length < this.#column) this.#line.push({ char: " ", look: "" });
      this.#line[this.#column] = { char, look };
      this.#column += 1;
    }
  }

  get #line(): Cell[] {
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    return this.#lines[this.#row] ?? [];
  }
}

function toSpans(cells: readonly Cell[]): Span[] {
  const spans: { text: string; look: string }[] = [];
  for (const { char, look } of cells) {
    const last = spans.at(-1);
    if (last?.look === look) last.text += char;
    else spans.push({ text: char, look });
  }
  return spans;
}
