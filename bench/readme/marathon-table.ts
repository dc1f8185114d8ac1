import type { Table } from "../support/table.ts";
import { short } from "./figures.ts";
import type { Results } from "./results.ts";

const scenario = "load-on-marathon";
const names = ["portolan", "proxymatic", "mmsd"] as const;
const whats = [
  "one task replaced",
  "rolling restart of an app of 10",
  "an hour without a change",
  "an hour with 100 tasks replaced",
] as const;

/** What each proxy asks of Marathon, in requests and MB. */
export function marathonTable(results: Results): Table {
  const cell = (what: string, name: string): string => {
    const load = (of: string): number | undefined =>
      results.number(scenario, `${what}, ${name}`, of);
    const [requests, bytes] = [load("requests"), load("bytes")];
    if (requests === undefined || bytes === undefined) return "–";
    const missed = requests === 0 ? " (what it missed stays missed)" : "";
    return `${short(requests)}; ${short(bytes / 1e6)} MB${missed}`;
  };
  return {
    title: "",
    columns: ["requests; bytes of their answers", ...names],
    rows: whats.map((what) => [what, ...names.map((name) => cell(what, name))]),
  };
}
