import { styleText } from "node:util";
import { ageText } from "../age.ts";
import { headingLine, layOut, rowLine } from "./columns.ts";
import { fit, quantity } from "./quantities.ts";
import { rowsOf, type TopRow, type TopState } from "./state.ts";

export interface Surface {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  /** Where the status port is, for the title. */
  readonly where: string;
}

/** Lines around the list. */
const frameLines = 4;

/** How many lines of the list are in sight. */
export function linesInSight({ rows }: Pick<Surface, "rows">): number {
  return Math.max(1, rows - frameLines);
}

/** The whole screen as lines, none wider than the surface. */
export function viewTop(state: TopState, surface: Surface): string[] {
  const { columns } = surface;
  const paint = painter(surface);
  const room = linesInSight(surface);
  const body = bodyOf(state, surface).slice(0, room + 1);
  const filler = Array.from({ length: Math.max(0, room + 1 - body.length) }, () => "");
  const [title, sources] = heads(state, surface);
  const footer = paint("inverse", fit(footerOf(state), columns));
  return [title, sources, ...body, ...filler, footer].map((line) => line ?? "");
}

/** The same once and in full, for a file or a pipe. */
export function snapshot(state: TopState, surface: Surface): string[] {
  const { picture } = state;
  const problems = picture.problems.map(
    ({ kind, subject, reason }) => `${kind} ${subject}: ${reason}`,
  );
  const lines = [
    ...heads(state, surface),
    ...listLines(state, surface, rowsOf(state)),
    ...problems,
  ];
  return lines.map((line) => line.trimEnd());
}

type Style = Parameters<typeof styleText>[0];

function painter({ colour }: Surface): (style: Style, text: string) => string {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

function heads({ picture, isConnected }: TopState, surface: Surface): string[] {
  const { version, phase, table, services, problemCount, sources, now } = picture;
  const all = [...services.values()];
  const up = all.reduce((sum, service) => sum + service.up, 0);
  const total = all.reduce((sum, service) => sum + service.total, 0);
  const open = [...picture.traffic.values()].reduce((sum, traffic) => sum + traffic.open, 0);
  const link = isConnected ? phase : "no connection, trying again";
  const counts = `${all.length} services, ${up}/${total} replicas up, ${quantity(open)} open`;
  const title = `portolan ${version} at ${surface.where}: ${link}, table ${table}, ${counts}, ${problemCount} problems`;
  const told = sources.map(({ name, connected, lastSync, lastError }) => {
    const age = Number.isNaN(lastSync) ? "never read" : `read ${ageText(now - lastSync)} ago`;
    const error = lastError === "" ? "" : `, last error: ${lastError}`;
    return `${name} ${age}${connected ? "" : ", polled"}${error}`;
  });
  const paint = painter(surface);
  return [
    paint("bold", fit(title, surface.columns)),
    paint("dim", fit(told.join(" · "), surface.columns)),
  ];
}

function bodyOf(state: TopState, surface: Surface): string[] {
  switch (state.view) {
    case "services":
    case "filter":
      return listLines(state, surface, inSight(state, surface));
    case "problems":
      return problemLines(state, surface);
    case "help":
      return help.map((line) => fit(line, surface.columns));
  }
}

/** The rows around the selected one that fit. */
function inSight(state: TopState, surface: Surface): TopRow[] {
  const rows = rowsOf(state);
  const room = linesInSight(surface);
  const place = rows.findIndex(({ id }) => id === state.selected);
  const first = Math.max(0, Math.min(place - Math.floor(room / 2), rows.length - room));
  return rows.slice(first, first + room);
}

function listLines(state: TopState, surface: Surface, rows: readonly TopRow[]): string[] {
  const paint = painter(surface);
  const width = surface.columns - 1;
  const layout = layOut(width);
  const selected = state.selected ?? rows[0]?.id;
  const lines = rows.map((row) => {
    const line = fit(rowLine(row, layout, state), width);
    // The mark is for those who see no colours.
    return row.id === selected
      ? paint(["inverse", styleOf(row)], `›${line}`)
      : paint(styleOf(row), ` ${line}`);
  });
  const none = state.filter === "" ? "no services" : `no service matches "${state.filter}"`;
  const heading = paint("bold", ` ${fit(headingLine(layout, state), width)}`);
  return [heading, ...(lines.length === 0 ? [none] : lines)];
}

const styles: Readonly<Record<string, "red" | "yellow" | "blue" | "magenta">> = {
  down: "red",
  unknown: "yellow",
  draining: "blue",
  ejected: "magenta",
};

function styleOf({ service, replica }: TopRow): "red" | "yellow" | "blue" | "magenta" | "reset" {
  if (replica !== undefined) return styles[replica.state] ?? "reset";
  if (service.up === 0) return "red";
  return service.up < service.total || !service.isListening ? "yellow" : "reset";
}

function problemLines({ picture }: TopState, surface: Surface): string[] {
  const { problems, problemCount } = picture;
  const lines = problems.map(({ kind, subject, reason }) =>
    fit(`${kind} ${subject}: ${reason}`, surface.columns),
  );
  const title = problemCount === 0 ? "no problems" : `${problemCount} problems`;
  return [painter(surface)("bold", title), ...lines];
}

function footerOf({ view, filter, sort }: TopState): string {
  if (view === "filter") return ` filter: ${filter}▏ enter keeps it, esc clears it`;
  if (view !== "services") return " any key goes back";
  const filtered = filter === "" ? "/ filter" : `/ filter: ${filter} (esc clears)`;
  return ` q quit  s sort: ${sort}  r reverse  ${filtered}  enter unfold  p problems  ? help`;
}

const help = [
  "up, down, j, k       move; page up, page down, home and end, too",
  "enter, right, left   unfold a service to see its replicas and why they are out; fold it again",
  "s                    sort by the next column: port, app, up, open, new, bytes, errors",
  "r                    reverse the order",
  "/                    show only services whose app, port, source or replicas have these words",
  "p                    problems: what was clamped, skipped, in conflict or failing",
  "q, ctrl-c            quit",
  "",
  "ERRORS of a service are connections that failed for a reason of ours or of its replicas; of a replica",
  "they are attempts to reach it that failed. B/S are bytes per second, from clients and to clients.",
];
