import { columnCount, RowView, type RowSurroundings } from "./row-view.ts";
import { element, mark } from "./elements.ts";
import type { Row } from "./rows.ts";

/** Height of every line in px; the style sheet says the same. */
const lineHeight = 30;
/** Lines drawn beyond what can be seen, on either side. */
const margin = 6;

export interface ListParts {
  readonly scroller: HTMLElement;
  readonly table: HTMLTableElement;
  readonly body: HTMLTableSectionElement;
}

/** What a reader does with a line. */
export interface ListActions {
  readonly toggle: (row: Row) => void;
  readonly explain: (row: Row) => void;
}

/** A list of any length: only the lines in sight exist, and spacers stand for the others. */
export class List {
  readonly #parts: ListParts;
  readonly #actions: ListActions;
  readonly #above = spacer();
  readonly #below = spacer();
  readonly #views: RowView[] = [];
  #rows: readonly Row[] = [];
  #surroundings: RowSurroundings = { now: 0, historyOf: () => [] };
  #first = 0;
  #height = 0;
  #isDrawing = false;
  /** The row that has the keyboard's focus, which stays with it when lines move. */
  #focused: string | undefined;

  constructor(parts: ListParts, actions: ListActions) {
    this.#parts = parts;
    this.#actions = actions;
    const { scroller, body } = parts;
    body.append(this.#above, this.#below);
    scroller.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    new ResizeObserver(() => {
      this.#height = scroller.clientHeight;
      this.#drawSoon();
    }).observe(scroller);
    body.addEventListener("click", (event) => this.#clicked(event));
    body.addEventListener("keydown", (event) => this.#pressed(event));
    body.addEventListener("focusin", (event) => {
      this.#focused = this.#viewOf(event.target)?.row?.id;
    });
  }

  show(rows: readonly Row[], surroundings: RowSurroundings): void {
    this.#rows = rows;
    this.#surroundings = surroundings;
    this.#drawSoon();
  }

  /** Moves the keyboard's focus to a row, bringing it into sight. */
  focus(index: number): void {
    const row = this.#rows[index];
    if (row === undefined) return;
    const { scroller } = this.#parts;
    const head = this.#parts.table.tHead?.offsetHeight ?? 0;
    const top = index * lineHeight;
    const room = this.#height - head - lineHeight;
    scroller.scrollTop = Math.max(Math.min(scroller.scrollTop, top), top - room);
    this.#draw();
    this.#views.find((view) => view.row?.id === row.id)?.button.focus({ preventScroll: true });
  }

  #drawSoon(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#isDrawing = false;
    const seen = Math.ceil(this.#height / lineHeight);
    const top = Math.floor(this.#parts.scroller.scrollTop / lineHeight);
    const count = Math.min(seen + 2 * margin, this.#rows.length);
    this.#first = Math.max(0, Math.min(top - margin, this.#rows.length - count));
    const hadFocus = this.#parts.body.contains(document.activeElement);
    this.#provide(count);
    for (const [place, view] of this.#views.entries()) {
      const row = this.#rows[this.#first + place];
      if (row !== undefined) view.show(row, this.#first + place, this.#surroundings);
    }
    // The list is as high as its lines need, as far as there is room; a bar at its bottom needs some, too.
    const needed = `${(this.#rows.length + 1) * lineHeight + 18}px`;
    this.#parts.scroller.style.setProperty("--content", needed);
    mark(this.#parts.table, "aria-rowcount", String(this.#rows.length + 1));
    stretch(this.#above, this.#first);
    stretch(this.#below, this.#rows.length - this.#first - count);
    if (hadFocus) this.#keepFocus();
  }

  /** Makes as many lines exist as are needed. */
  #provide(count: number): void {
    while (this.#views.length < count) {
      const view = new RowView();
      this.#views.push(view);
      this.#below.before(view.line);
    }
    for (const view of this.#views.splice(count)) view.line.remove();
  }

  #keepFocus(): void {
    const { activeElement } = document;
    if (this.#viewOf(activeElement)?.row?.id === this.#focused) return;
    const view = this.#views.find(({ row }) => row?.id === this.#focused);
    (view?.button ?? this.#parts.scroller).focus({ preventScroll: true });
  }

  #viewOf(target: EventTarget | null): RowView | undefined {
    return target instanceof Node
      ? this.#views.find(({ line }) => line.contains(target))
      : undefined;
  }

  #clicked({ target }: Event): void {
    const view = this.#viewOf(target);
    if (view?.row === undefined || !(target instanceof HTMLButtonElement)) return;
    if (target === view.why || view.row.kind === "replica") this.#actions.explain(view.row);
    else this.#actions.toggle(view.row);
  }

  #pressed(event: KeyboardEvent): void {
    const view = this.#viewOf(event.target);
    if (view?.row === undefined) return;
    const index = this.#first + this.#views.indexOf(view);
    const goal = goals[event.key]?.(index, this.#rows.length);
    const turn = event.key === "ArrowRight" ? false : event.key === "ArrowLeft" ? true : undefined;
    if (goal !== undefined) this.focus(Math.max(0, Math.min(goal, this.#rows.length - 1)));
    else if (view.row.kind !== "service" || turn !== view.row.isUnfolded) return;
    else this.#actions.toggle(view.row);
    event.preventDefault();
  }
}

const page = 10;

const goals: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowDown: (index) => index + 1,
  ArrowUp: (index) => index - 1,
  PageDown: (index) => index + page,
  PageUp: (index) => index - page,
  Home: () => 0,
  End: (_, count) => count - 1,
};

function spacer(): HTMLTableRowElement {
  const cell = element("td", { colspan: String(columnCount) });
  return element("tr", { class: "spacer", "aria-hidden": "true" }, [cell]);
}

function stretch(line: HTMLTableRowElement, lines: number): void {
  const height = `${lines * lineHeight}px`;
  if (line.style.height === height) return;
  line.style.height = height;
  line.hidden = lines === 0;
}
