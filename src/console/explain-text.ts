import { ageText } from "./age.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "./json.ts";
import { printableLines } from "./printable-lines.ts";

/** The answer of `/api/explain/<app>` for people; `now` in ms since the epoch. */
export function explainText(answer: unknown, now: number): string {
  const { app, services, problems } = fieldsOf(answer);
  const parts = listOf(services).map((service) => serviceText(fieldsOf(service), now));
  const faults = listOf(problems).map((problem) => problemText(fieldsOf(problem), now));
  const closing = faults.length === 0 ? [] : [["problems", ...faults].join("\n")];
  return printableLines([textOf(app), ...parts, ...closing].join("\n\n"));
}

function serviceText(service: Fields, now: number): string {
  const { key, source, served, locality, hosts, check, replicas } = service;
  const choosy = locality === "prefer" || locality === "only" ? ` · locality ${locality}` : "";
  const standing = served === true ? choosy : " · not served, see the problems below";
  const lines = listOf(replicas).flatMap((replica) => replicaLines(fieldsOf(replica), now));
  const none = lines.length === 0 ? ["  no replicas"] : [];
  return [
    `${textOf(key)} from ${textOf(source)}${standing}`,
    `  ${checkText(fieldsOf(check))}`,
    ...hostLines(fieldsOf(hosts)),
    ...lines,
    ...none,
  ].join("\n");
}

/** The names by which it is served on the ports of host names. */
function hostLines({ http, httpDefault, tls, tlsDefault }: Fields): string[] {
  return [...hostLine("http", http, httpDefault), ...hostLine("tls", tls, tlsDefault)];
}

function hostLine(by: string, claimed: unknown, isDefault: unknown): string[] {
  const names = listOf(claimed).map((name) => textOf(name));
  if (isDefault === true) names.push("what nobody claims");
  return names.length === 0 ? [] : [`  hosts by ${by}: ${names.join(", ")}`];
}

function checkText({ decidedBy, ...check }: Fields): string {
  const { health, kind, path, status, interval, timeout, rise, fall } = check;
  const origin = originText(fieldsOf(decidedBy));
  if (health === "marathon") return `health: the source's word alone (${origin})`;
  const asked = [textOf(kind), textOf(path)].filter((word) => word !== "").join(" ");
  const expected = status === undefined ? "" : `, status ${textOf(status)}`;
  const pace = `every ${textOf(interval)}, timeout ${textOf(timeout)}, rise ${textOf(rise)}, fall ${textOf(fall)}`;
  return `health: ${textOf(health)}, probe ${asked}${expected} ${pace} (${origin})`;
}

/** Who decided what, each of them once. */
function originText(decidedBy: Fields): string {
  const partsOf = new Map<string, string[]>();
  for (const [name, by] of Object.entries(decidedBy)) {
    partsOf.set(textOf(by), [...(partsOf.get(textOf(by)) ?? []), name.replace(/Ms$/, "")]);
  }
  const decided = [...partsOf].map(([by, parts]) => `${parts.join(", ")} by ${by}`);
  return decided.length === 0 ? "as the flags say" : decided.join("; ");
}

function replicaLines(replica: Fields, now: number): string[] {
  const { inRotation, onThisHost, address, host, task, state, reason, weight, since, signals } =
    replica;
  const mark = inRotation === true ? "IN " : "OUT";
  const age = ageText(now - Date.parse(textOf(since)));
  const heaviness = weight === 0 ? ", weight 0" : "";
  return [
    `  ${mark} ${textOf(address)} on ${textOf(host)}${onThisHost === true ? " (this host)" : ""}, task ${textOf(task)}`,
    `      ${textOf(state)} for ${age}: ${textOf(reason)}${heaviness}`,
    ...listOf(signals).map((signal) => signalLine(fieldsOf(signal), replica)),
  ];
}

function signalLine({ from, says, reason, ageMs }: Fields, { nextProbeInMs }: Fields): string {
  const name = textOf(from).padEnd(12);
  const age = numberOf(ageMs);
  const since = age === undefined ? "" : `, ${ageText(age)} ago`;
  const nextMs = from === "probe" ? numberOf(nextProbeInMs) : undefined;
  const next = nextMs === undefined ? "" : `; next in ${ageText(nextMs)}`;
  return `      ${name} ${textOf(says)}: ${textOf(reason)}${since}${next}`;
}

function problemText({ kind, reason, since }: Fields, now: number): string {
  return `  ${textOf(kind)} for ${ageText(now - Date.parse(textOf(since)))}: ${textOf(reason)}`;
}
