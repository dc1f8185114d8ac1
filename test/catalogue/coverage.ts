import { loadRows } from "../soak/rows.ts";
import { notShown, reservations } from "./not-shown.ts";
import { rowIdsOf, writtenTests } from "./row-ids.ts";
import { rows } from "./rows.ts";
import { threats } from "./threats.ts";

/** Rows that a test shows, as the tests' names say. */
export function shownByTests(): Set<string> {
  return new Set(writtenTests().flatMap(({ name }) => rowIdsOf(name)));
}

/** Rows that `npm run soak` shows: those by their ids, and those that the soak itself is made of. */
export const shownBySoak: ReadonlySet<string> = new Set([...loadRows.map(({ id }) => id), "L22"]);

/** What is covered and what is not, in Markdown. */
export function formatCoverage(): string {
  const tested = shownByTests();
  const soaked = rows.filter(({ id }) => !tested.has(id) && shownBySoak.has(id));
  const both = rows.filter(({ id }) => tested.has(id) && shownBySoak.has(id));
  const missing = rows.filter(({ id }) => !tested.has(id) && !shownBySoak.has(id));
  const mitigations = threats.flatMap((threat) => Object.keys(threat.mitigations)).length;
  const named = (list: typeof rows): string => list.map(({ id }) => id).join(", ");
  return [
    `Of ${rows.length} rows, ${tested.size} are shown by the tests, ${soaked.length} more by \`npm run soak\`, ` +
      `and ${missing.length} by nothing that runs here. ` +
      `Against ${threats.length} threats there are ${mitigations} mitigations, each with rows that fail without it.`,
    "",
    `By the soak alone: ${named(soaked)}. By tests, and at full size by the soak: ${named(both)}.`,
    "",
    ...(missing.length === 0 ? [] : ["Not shown:", ""]),
    ...missing.map(
      ({ id, what }) => `- **${id}** ${what}: ${notShown[id] ?? "nobody has said why"}.`,
    ),
    ...(missing.length === 0 ? [] : [""]),
    "Shown with less than the row asks for:",
    "",
    ...Object.entries(reservations).map(([id, less]) => `- **${id}** ${less}.`),
  ].join("\n");
}
