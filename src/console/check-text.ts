import type { Problem } from "../model/problem.ts";
import { aligned } from "./aligned.ts";
import { printableLines } from "./printable-lines.ts";

/** A service as `portolan check` shows it. */
export interface CheckedService {
  readonly key: string;
  readonly app: string;
  readonly mode: string;
  readonly source: string;
  readonly replicas: readonly {
    readonly key: string;
    readonly state: string;
    readonly reason: string;
  }[];
}

/** What would be served, and everything that is wrong with what the sources say, for people. */
export function checkText(
  services: readonly CheckedService[] | undefined,
  problems: readonly Problem[],
): string {
  const rows = (services ?? []).map(({ key, app, mode, source, replicas }) => {
    const out = replicas.filter(({ state }) => state !== "up");
    const reasons = out.map((one) => `${one.key} ${one.state}: ${one.reason}`).join("; ");
    return [key, app, mode, source, `${replicas.length - out.length}/${replicas.length}`, reasons];
  });
  const heading = ["PORT", "APP", "MODE", "SOURCE", "UP", "OUT OF ROTATION"];
  const table = services === undefined ? [] : [aligned([heading, ...rows])];
  const faults = problems.map(({ kind, subject, reason }) => `  ${kind} ${subject}: ${reason}`);
  const told = faults.length === 0 ? "no problems" : ["problems", ...faults].join("\n");
  return printableLines([...table, told].join("\n\n"));
}
