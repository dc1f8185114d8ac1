import { formatTable } from "../support/table.ts";
import { costTable } from "./cost-table.ts";
import { goalTable } from "./goal-table.ts";
import { marathonTable } from "./marathon-table.ts";
import type { Results } from "./results.ts";

/** What stands between markers in the README, by the name of the marker. */
export function sectionsOf(results: Results): ReadonlyMap<string, string> {
  const tables = [costTable, goalTable].map((table) => formatTable(table(results)));
  return new Map([
    ["performance", [...tables, measuredWith(results)].join("\n\n")],
    ["load-on-marathon", formatTable(marathonTable(results))],
  ]);
}

/** The text with these sections in place of those that it has. */
export function withSections(text: string, sections: ReadonlyMap<string, string>): string {
  let updated = text;
  for (const [name, content] of sections) {
    const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!place.test(updated)) throw new Error(`there is no <!-- ${name} --> to put a section in`);
    updated = updated.replace(place, (_all, begin: string, end: string) => {
      return `${begin}\n${content}\n\n${end}`;
    });
  }
  return updated;
}

/** On what, with what and when. */
function measuredWith(results: Results): string {
  const days = results.everyCondition("date").map((date) => date.slice(0, "2026-01-01".length));
  const [first = "", last = first] = [days.at(0), days.at(-1)];
  const others = ["haproxy", "nginx-stream", "pen"].flatMap((name) => results.versionsOf(name));
  const commits = results.everyCondition("commit");
  const parts = [
    `Results of ${first === last ? first : `${first} to ${last}`}`,
    commits.length === 1 ? `commit ${commits[0]}` : `${commits.length} commits`,
    ...results.everyCondition("machine"),
    ...results.everyCondition("node").map((version) => `Node ${version}`),
    ...others.map((version) => version.replace(/^nginx version: | - https:.*$/g, "")),
  ];
  return `${parts.join("; ")}.`;
}
