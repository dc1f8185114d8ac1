import type { LiveSource, Traffic } from "../../live-document.ts";
import { standingOf } from "./choice.ts";
import { byId, element, mark, say } from "./elements.ts";
import { idle, type Store } from "./store.ts";
import { ageText, bytesText, countText, timeText } from "./texts.ts";

/** Everything of the page beside the list of services, redrawn when what it shows has changed. */
export class Panels {
  readonly #sources = byId("sources", HTMLTableSectionElement);
  readonly #problems = byId("problems", HTMLTableSectionElement);
  readonly #routing = byId("routing", HTMLTableSectionElement);
  #shown: Partial<Pick<Store, "sources" | "problems" | "routing">> = {};

  /** `now` in ms since the epoch. */
  show(store: Store, now: number): void {
    this.#showHead(store);
    this.#showFigures(store);
    if (this.#shown.sources !== store.sources) fill(this.#sources, store.sources.map(sourceLine));
    this.#showAges(store, now);
    if (this.#shown.problems !== store.problems) this.#showProblems(store);
    if (this.#shown.routing !== store.routing) this.#showRouting(store);
    const { sources, problems, routing } = store;
    this.#shown = { sources, problems, routing };
  }

  #showHead({ head }: Store): void {
    const phase = byId("phase", HTMLElement);
    say(phase, head === undefined ? "" : `${head.phase} · table ${head.table}`);
    mark(phase, "data-phase", head?.phase ?? "");
    say(byId("version", HTMLElement), head?.version ?? "");
  }

  #showFigures({ services, traffic, problems }: Store): void {
    const known = [...services.values()];
    const serving = known.filter((service) => standingOf(service) !== "down").length;
    const up = known.reduce((sum, service) => sum + service.up, 0);
    const total = known.reduce((sum, service) => sum + service.total, 0);
    const [open, opened, received, sent, failed] = sumOf(traffic.values());
    figure("figure-services", `${serving}/${known.length}`, serving < known.length);
    figure("figure-replicas", `${up}/${total}`, up < total);
    figure("figure-open", countText(open), false);
    figure("figure-opened", `${countText(opened)}/s`, false);
    figure("figure-received", `${bytesText(received)}/s`, false);
    figure("figure-sent", `${bytesText(sent)}/s`, false);
    figure("figure-failed", `${countText(failed)}/s`, failed > 0);
    figure("figure-problems", String(problems.total), problems.total > 0);
  }

  /** Ages change by themselves: only these cells are written every second. */
  #showAges({ sources }: Store, now: number): void {
    for (const [index, { lastSync }] of sources.entries()) {
      const cell = this.#sources.rows[index]?.cells[2];
      if (cell === undefined) continue;
      say(cell, lastSync === null ? "never" : `${ageText(now - Date.parse(lastSync))} ago`);
    }
  }

  #showProblems({ problems: { total, first } }: Store): void {
    fill(
      this.#problems,
      first.map(({ kind, subject, reason, since }) => [kind, subject, reason, timeText(since)]),
      "No problems",
    );
    const more = total - first.length;
    say(byId("problems-more", HTMLElement), more > 0 ? `and ${more} more: /api/problems` : "");
  }

  #showRouting({ routing }: Store): void {
    fill(
      this.#routing,
      routing.map(({ version, at, line }) => [String(version), timeText(at), line]),
      "Nothing has changed yet",
    );
  }
}

function sourceLine(source: LiveSource): readonly string[] {
  const { name, endpoint, connected, lastSync, lastError, syncs, failures, events } = source;
  const pushed = connected ? "● changes are pushed" : "○ changes are polled";
  const state = lastSync === null ? "✖ not read yet" : pushed;
  return [
    name,
    state,
    "",
    endpoint,
    `${syncs} reads, ${failures} failed, ${events} events`,
    lastError ?? "",
  ];
}

function sumOf(rows: Iterable<Traffic>): Traffic {
  const sum: [...Traffic] = [...idle];
  for (const row of rows)
    for (const [place, value] of row.entries()) sum[place] = (sum[place] ?? 0) + value;
  return sum;
}

function figure(id: string, text: string, isBad: boolean): void {
  const target = byId(id, HTMLElement);
  say(target, text);
  mark(target, "class", isBad ? "bad" : "");
}

/** Replaces the lines of a table; the first cell of each names it. */
function fill(
  body: HTMLTableSectionElement,
  lines: readonly (readonly string[])[],
  whenEmpty = "None",
): void {
  const rows = lines.map((cells) =>
    element(
      "tr",
      {},
      cells.map((text, place) =>
        place === 0 ? element("th", { scope: "row" }, text) : element("td", {}, text),
      ),
    ),
  );
  const none = element("tr", {}, [element("td", { colspan: "6", class: "none" }, whenEmpty)]);
  body.replaceChildren(...(rows.length === 0 ? [none] : rows));
}
