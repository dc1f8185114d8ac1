import { firstWish, sortKeys, type SortKey, type Wish } from "./choice.ts";
import { byId, element, mark, say } from "./elements.ts";

const standings = ["all", "up", "impaired", "down", "problem"] as const;

/** The search field, the filters and the headings to sort by. */
export class Controls {
  readonly #text = byId("search", HTMLInputElement);
  readonly #standing = byId("standing", HTMLSelectElement);
  readonly #source = byId("source", HTMLSelectElement);
  readonly #changed: () => void;
  #sort: Pick<Wish, "sort" | "descending"> = firstWish;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#text.addEventListener("input", changed);
    this.#standing.addEventListener("change", changed);
    this.#source.addEventListener("change", changed);
    for (const button of sortButtons()) {
      button.addEventListener("click", () => this.#sortBy(button.dataset["sort"] ?? ""));
    }
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get wish(): Wish {
    const standing = standings.find((one) => one === this.#standing.value) ?? "all";
    return { ...this.#sort, text: this.#text.value, standing, source: this.#source.value };
  }

  /** Offers these sources, keeping the one that is chosen. */
  offer(sources: readonly string[]): void {
    const chosen = this.#source.value;
    const known = [...this.#source.options].slice(1).map(({ value }) => value);
    if (known.join() === sources.join()) return;
    const options = sources.map((name) => element("option", { value: name }, name));
    this.#source.replaceChildren(element("option", { value: "" }, "all sources"), ...options);
    this.#source.value = sources.includes(chosen) ? chosen : "";
  }

  /** Says how many of all services are shown. */
  count(shown: number, all: number): void {
    say(byId("count", HTMLElement), `${shown} of ${all} services`);
  }

  #sortBy(name: string): void {
    const sort: SortKey | undefined = sortKeys.find((key) => key === name);
    if (sort === undefined) return;
    const isSame = this.#sort.sort === sort;
    this.#sort = { sort, descending: isSame ? !this.#sort.descending : isNumber(sort) };
    for (const button of sortButtons()) {
      const order = this.#sort.descending ? "descending" : "ascending";
      const heading = button.closest("th");
      if (heading !== null)
        mark(heading, "aria-sort", button.dataset["sort"] === sort ? order : "");
    }
    this.#changed();
  }

  #pressed(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !isTyping) {
      this.#text.focus();
      event.preventDefault();
    } else if (event.key === "Escape" && event.target === this.#text) {
      this.#text.value = "";
      this.#changed();
    }
  }
}

/** The greatest numbers are of most interest; names and states are read from the beginning. */
function isNumber(sort: SortKey): boolean {
  return !["service", "port", "mode", "state"].includes(sort);
}

function sortButtons(): HTMLButtonElement[] {
  return [...document.querySelectorAll<HTMLButtonElement>("button[data-sort]")];
}
