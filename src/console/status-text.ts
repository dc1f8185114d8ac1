import { ageText } from "./age.ts";
import { aligned } from "./aligned.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "./json.ts";
import { printableLines } from "./printable-lines.ts";

/** What the pages of the status port say. */
export interface Overview {
  /** The first line of `/status`. */
  readonly phase: string;
  /** Answers of `/api/table`, `/api/sources` and `/api/problems`. */
  readonly table: unknown;
  readonly sources: unknown;
  readonly problems: unknown;
}

/** The state of a running portolan for people; `now` in ms since the epoch. */
export function statusText({ phase, table, sources, problems }: Overview, now: number): string {
  const { version, services } = fieldsOf(table);
  const rows = listOf(services).map((service) => serviceRow(fieldsOf(service)));
  const faults = listOf(problems).map((problem) => problemRow(fieldsOf(problem), now));
  const sections = [
    `${phase}, table ${textOf(version)}`,
    ...listOf(sources).map((source) => sourceRow(fieldsOf(source))),
    aligned([["PORT", "APP", "UP", "CONNECTIONS", "OUT OF ROTATION"], ...rows]),
    faults.length === 0 ? "no problems" : ["problems", ...faults].join("\n"),
  ];
  return printableLines(sections.join("\n\n"));
}

function sourceRow(source: Fields): string {
  const { name, endpoint, connected, lastError } = source;
  const seconds = numberOf(source["ageSeconds"]);
  const age = seconds === undefined ? "never read" : `read ${ageText(seconds * 1000)} ago`;
  const pushed = connected === true ? "changes are pushed" : "changes are polled";
  const error = textOf(lastError) === "" ? "" : `; last error: ${textOf(lastError)}`;
  return `source ${textOf(name)} at ${textOf(endpoint)}: ${age}, ${pushed}${error}`;
}

function serviceRow({ protocol, port, app, replicas }: Fields): readonly string[] {
  const all = listOf(replicas).map((replica) => fieldsOf(replica));
  const out = all.filter(({ state }) => state !== "up");
  const connections = all.reduce((sum, one) => sum + (numberOf(one["connections"]) ?? 0), 0);
  const reasons = out.map(({ address, state, reason }) => {
    return `${textOf(address)} ${textOf(state)}: ${textOf(reason)}`;
  });
  return [
    `${textOf(protocol)}/${textOf(port)}`,
    textOf(app),
    `${all.length - out.length}/${all.length}`,
    String(connections),
    reasons.join("; "),
  ];
}

function problemRow({ kind, subject, reason, since }: Fields, now: number): string {
  const age = ageText(now - Date.parse(textOf(since)));
  return `  ${textOf(kind)} ${textOf(subject)} for ${age}: ${textOf(reason)}`;
}
