import type { Picture, Span } from "./terminal.ts";

export interface FilmOptions {
  readonly columns: number;
  readonly rows: number;
  /** What the window is called. */
  readonly title: string;
  /** How long each picture is shown, in ms. */
  readonly pictureMs: number;
}

const cell = { width: 8.43, height: 18 } as const;
const margin = 14;
const bar = 30;

/** Colours by scheme; each is readable on its ground (WCAG AA). */
const style = `
:root { --ground: #ffffff; --frame: #d0d7de; --text: #1f2328; --dim: #59636e; --red: #b31d28; --green: #116329; --yellow: #7d4e00; --blue: #0550ae; --magenta: #8250df; --cyan: #1b7c83 }
@media (prefers-color-scheme: dark) {
:root { --ground: #0d1117; --frame: #3d444d; --text: #e6edf3; --dim: #9198a1; --red: #ff7b72; --green: #56d364; --yellow: #e3b341; --blue: #79c0ff; --magenta: #d2a8ff; --cyan: #76e3ea }
}
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--text); white-space: pre }
.bold { font-weight: bold } .dim { fill: var(--dim) } .red { fill: var(--red) } .green { fill: var(--green) } .yellow { fill: var(--yellow) }
.blue { fill: var(--blue) } .magenta { fill: var(--magenta) } .cyan { fill: var(--cyan) }
`;

/** A terminal's pictures, one after the other for ever, as an SVG file without scripts and without anything from elsewhere. */
export function film(pictures: readonly Picture[], options: FilmOptions): string {
  const { columns, rows, title, pictureMs } = options;
  const inner = { width: Math.ceil(columns * cell.width), height: rows * cell.height };
  const [width, height] = [inner.width + 2 * margin, inner.height + bar + margin];
  const lines = new Lines();
  const strip = pictures.map((picture, index) => frame(picture, index * inner.height, lines));
  const seconds = ((pictures.length * pictureMs) / 1000).toFixed(1);
  const moving = `.film { animation: film ${seconds}s steps(${pictures.length}) infinite }
@keyframes film { to { transform: translateY(-${pictures.length * inner.height}px) } }
@media (prefers-reduced-motion: reduce) { .film { animation: none } }`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}${moving}</style>`,
    `<defs>${lines.definitions}</defs>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="var(--ground)" stroke="var(--frame)"/>`,
    `<text x="${width / 2}" y="20" text-anchor="middle" class="dim">${escaped(title)}</text>`,
    `<svg x="${margin}" y="${bar}" width="${inner.width}" height="${inner.height}"><g class="film">`,
    ...strip,
    "</g></svg></svg>",
    "",
  ].join("\n");
}

/** Lines that pictures share are in the file once. */
class Lines {
  readonly #byMarkup = new Map<string, string>();

  idOf(markup: string): string {
    const known = this.#byMarkup.get(markup);
    if (known !== undefined) return known;
    const id = `l${this.#byMarkup.size.toString(36)}`;
    this.#byMarkup.set(markup, id);
    return id;
  }

  get definitions(): string {
    return Array.from(
      this.#byMarkup,
      ([markup, id]) => `<text id="${id}" xml:space="preserve">${markup}</text>`,
    ).join("\n");
  }
}

function frame(picture: Picture, top: number, lines: Lines): string {
  return picture
    .map((spans, row) => ({ markup: markupOf(spans), y: top + (row + 1) * cell.height - 4 }))
    .filter(({ markup }) => markup.trim() !== "")
    .map(({ markup, y }) => `<use href="#${lines.idOf(markup)}" y="${y}"/>`)
    .join("");
}

function markupOf(spans: readonly Span[]): string {
  return spans
    .map(({ text, look }) =>
      look === "" ? escaped(text) : `<tspan class="${look}">${escaped(text)}</tspan>`,
    )
    .join("")
    .trimEnd();
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
