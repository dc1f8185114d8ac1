import type { LiveReplica, LiveService, Traffic } from "../../live-document.ts";
import { standingOf } from "./choice.ts";
import { element, mark, say } from "./elements.ts";
import { sparkline } from "./history.ts";
import type { Row } from "./rows.ts";
import { ageText, bytesText, countText } from "./texts.ts";

/** What rows are drawn with beside themselves. */
export interface RowSurroundings {
  /** In ms since the epoch. */
  readonly now: number;
  readonly historyOf: (id: string) => readonly number[];
}

const columns = [
  "state",
  "port",
  "mode",
  "weight",
  "open",
  "opened",
  "received",
  "sent",
  "failed",
  "mended",
  "total",
  "trend",
  "since",
  "reason",
] as const;

type Column = (typeof columns)[number];

/** Columns of the list, the first one included. */
export const columnCount: number = columns.length + 1;

const trendSize = { width: 72, height: 18 } as const;

/** A mark beside every word, since colour must not be the only sign. */
const signs: Readonly<Record<string, string>> = {
  up: "●",
  impaired: "◐",
  down: "✖",
  unknown: "?",
  draining: "↓",
  ejected: "⏏",
};

/** One line of the list as the page has it; it shows now this row and now that. */
export class RowView {
  readonly line: HTMLTableRowElement = element("tr");
  /** Folds and unfolds a service, explains a replica. */
  readonly button: HTMLButtonElement = element("button", { type: "button", class: "name" });
  readonly why: HTMLButtonElement = element("button", { type: "button", class: "why" }, "why");
  row: Row | undefined;
  readonly #cells: Readonly<Record<Column, HTMLTableCellElement>>;
  readonly #line: SVGPolylineElement;
  readonly #reason: HTMLSpanElement = element("span");

  constructor() {
    const name = element("th", { scope: "row" }, [this.button]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every column, and nothing else, is a key
    this.#cells = Object.fromEntries(
      columns.map((column) => [column, element("td", { class: column })]),
    ) as Record<Column, HTMLTableCellElement>;
    this.line.append(name, ...columns.map((column) => this.#cells[column]));
    const [trend, line] = makeTrend();
    this.#line = line;
    this.#cells.trend.append(trend);
    this.#cells.reason.append(this.why, this.#reason);
  }

  /** Shows a row; `index` is its place among all rows, from 0. */
  show(row: Row, index: number, surroundings: RowSurroundings): void {
    this.row = row;
    mark(this.line, "aria-rowindex", String(index + 2));
    mark(this.line, "class", row.kind);
    this.why.hidden = row.kind === "note";
    if (row.kind === "service") this.#showService(row.service, row.traffic, row.isUnfolded);
    else if (row.kind === "replica") this.#showReplica(row.replica, surroundings.now);
    else this.#showNote(row.text);
    const samples = row.kind === "service" ? surroundings.historyOf(row.id) : [];
    mark(this.#line, "points", sparkline(samples, trendSize.width, trendSize.height));
  }

  #showService(service: LiveService, traffic: Traffic, isUnfolded: boolean): void {
    const { app, port, mode, balance, up, total, out, problems, listening } = service;
    this.#name(app, isUnfolded ? "true" : "false", `${service.key} from ${service.source}`);
    const standing = standingOf(service);
    this.#set("port", String(port));
    this.#set("mode", `${mode} ${balance}`);
    this.#state(standing, `${up}/${total} up`);
    this.#set("weight", "");
    this.#traffic(traffic);
    mark(this.#cells.open, "title", `limit ${service.limit}`);
    this.#set("since", "");
    const faults = [
      ...(listening.length === 0 ? ["not listening"] : []),
      ...(problems === 0 ? [] : [`${problems} problem${problems === 1 ? "" : "s"}`]),
      ...(out === "" ? [] : [out]),
    ];
    this.#because(faults.join(" · "), app);
  }

  #showReplica({ traffic, ...replica }: LiveReplica, now: number): void {
    const { address, host, task, state, weight, since, reason } = replica;
    this.#name(address, "", `task ${task}`);
    this.#set("port", "");
    this.#set("mode", host);
    this.#state(state, state);
    this.#set("weight", String(weight));
    this.#traffic(traffic);
    // Only whole services know of these.
    this.#set("mended", "");
    mark(this.#cells.open, "title", "");
    this.#set("since", ageText(now - since));
    this.#because(reason, address);
  }

  #showNote(text: string): void {
    this.#name(text, "", "");
    for (const column of columns)
      if (column !== "trend" && column !== "reason") this.#set(column, "");
    this.#because("", "");
  }

  #name(text: string, expanded: string, title: string): void {
    say(this.button, text);
    mark(this.button, "aria-expanded", expanded);
    mark(this.button, "title", title);
  }

  #state(state: string, text: string): void {
    this.#set("state", `${signs[state] ?? "·"} ${text}`);
    mark(this.#cells.state, "data-state", state);
  }

  #traffic([open, opened, received, sent, failed, total, failures, ...rest]: Traffic): void {
    const [retried, denied] = rest;
    this.#set("open", countText(open));
    this.#set("opened", countText(opened));
    this.#set("received", bytesText(received));
    this.#set("sent", bytesText(sent));
    this.#set(
      "failed",
      failed === 0 ? countText(failures) : `${countText(failures)} +${countText(failed)}/s`,
    );
    this.#set("mended", `${countText(retried)} · ${countText(denied)}`);
    this.#set("total", countText(total));
  }

  #because(reason: string, subject: string): void {
    say(this.#reason, reason);
    mark(this.#cells.reason, "title", reason);
    mark(this.why, "aria-label", subject === "" ? "" : `why is ${subject} as it is`);
  }

  #set(column: Exclude<Column, "trend" | "reason">, text: string): void {
    say(this.#cells[column], text);
    if (column === "state" && text === "") mark(this.#cells.state, "data-state", "");
  }
}

function makeTrend(): [SVGSVGElement, SVGPolylineElement] {
  const namespace = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(namespace, "svg");
  const line = document.createElementNS(namespace, "polyline");
  picture.setAttribute("viewBox", `0 0 ${trendSize.width} ${trendSize.height}`);
  picture.setAttribute("aria-hidden", "true");
  picture.append(line);
  return [picture, line];
}
