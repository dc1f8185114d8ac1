import type { Explanation } from "../model/explanation.ts";
import { printable, type Problem } from "../model/problem.ts";
import type { Table } from "../routing/table.ts";
import { serviceApiPages } from "./service-api.ts";
import { viewExplanation } from "./explain-view.ts";
import { json, text, type Page, type Reply } from "./status-server.ts";
import { viewTable, type TableFigures } from "./table-view.ts";

/** The life of the proxy as `/status` tells it. */
export type Phase = "INITIALIZING" | "OK" | "TERMINATING";

/** Everything the status port shows, given as functions so that it always answers with the present. */
export interface Showable extends TableFigures {
  readonly version: string;
  readonly phase: () => Phase;
  readonly table: () => Table;
  readonly sources: () => readonly unknown[];
  /** Undefined for an app that no source lists. */
  readonly explain: (app: string) => Explanation | undefined;
  /** With the time each was first seen, in ms since the epoch. */
  readonly problems: () => readonly (Problem & { readonly since: number })[];
  /** Prometheus text. */
  readonly metrics: () => Promise<Pick<Reply, "type" | "body">>;
}

/** The pages of the status port, by exact path. */
export function makePages(shown: Showable): Map<string, Page> {
  const ready: Page = ({ query }) => {
    const details = query.has("details") ? shown.problems().map(problemLine).join("") : "";
    return text(shown.phase() === "OK" ? 200 : 503, `${shown.phase()}\n${details}`);
  };
  return new Map<string, Page>([
    ["/", () => text(200, index(shown))],
    ["/status", ready],
    ["/ready", ready],
    ["/ping", () => text(200, "pong\n")],
    ["/healthz", () => text(200, "OK\n")],
    ["/version", () => text(200, `portolan ${shown.version}\n`)],
    ["/metrics", async () => ({ status: 200, ...(await shown.metrics()) })],
    ["/api/table", () => json(viewTable(shown.table(), shown))],
    ["/api/explain/", ({ rest }) => explainPage(rest, shown)],
    ...serviceApiPages(shown),
    ["/api/sources", () => json(shown.sources())],
    ["/api/problems", () => json(shown.problems().map((problem) => dated(problem)))],
  ]);
}

function problemLine({ kind, subject, reason }: Problem): string {
  return `${kind} ${subject}: ${reason}\n`;
}

function dated({
  since,
  ...problem
}: Problem & { readonly since: number }): Record<string, unknown> {
  return { ...problem, since: new Date(since).toISOString() };
}

function explainPage(rest: string, shown: Showable): Reply {
  // Also where `/web` and `web` exist, each can be asked for.
  const explanation = shown.explain(rest) ?? shown.explain(`/${rest}`);
  if (explanation !== undefined) return json(viewExplanation(explanation, shown.problems()));
  const known = `no source lists an app ${printable(rest, 200)}`;
  return json({ error: `${known}; see /api/table for those there are` }, 404);
}

function index(shown: Showable): string {
  const { routes, version } = shown.table();
  const paths = [
    "/status",
    "/ping",
    "/version",
    "/metrics",
    "/api/table",
    "/api/live",
    "/api/explain/<app id>",
    "/api/sources",
    "/api/problems",
  ];
  const state = `portolan ${shown.version}: ${shown.phase()}, ${routes.length} services, table ${version}`;
  return `${state}\n\n${paths.join("\n")}\n`;
}
