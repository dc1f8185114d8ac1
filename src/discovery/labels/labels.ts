import { printable } from "../../model/problem.ts";
import { isFields } from "../fields.ts";

/** The labels of an app or of one of its ports. */
export interface Labelled {
  /** Text by name: a Map, since names like `__proto__` come from outside. */
  readonly labels: ReadonlyMap<string, string>;
  /** What was left out of them, in at most one sentence per reason. */
  readonly labelFaults: readonly string[];
}

/** Nothing written. */
export const noLabels: Labelled = { labels: new Map(), labelFaults: [] };

const longestName = 1024;
const longestText = 65_536;
const mostLabels = 1000;

/** Copies the labels that are text or numbers, at most 1000, of at most 64 Ki characters each. */
export function labelsOf(value: unknown): Labelled {
  if (value === undefined || value === null) return noLabels;
  if (!isFields(value)) return { ...noLabels, labelFaults: ["labels are no object: ignored"] };
  const labels = new Map<string, string>();
  const notText: string[] = [];
  const tooLong: string[] = [];
  const entries = Object.entries(value);
  for (const [name, text] of entries.slice(0, mostLabels)) {
    if (typeof text !== "string" && typeof text !== "number") notText.push(name);
    else if (name.length > longestName || String(text).length > longestText) tooLong.push(name);
    else labels.set(name, String(text));
  }
  const labelFaults = [
    ...faultOf(notText, "no text"),
    ...faultOf(tooLong, `longer than ${longestText} characters, or its name than ${longestName}`),
    ...faultOf(
      entries.slice(mostLabels).map(([name]) => name),
      `beyond the first ${mostLabels}`,
    ),
  ];
  return { labels, labelFaults };
}

function faultOf([first, ...more]: readonly string[], what: string): readonly string[] {
  if (first === undefined) return [];
  const others = more.length === 0 ? " is" : ` and ${more.length} more are`;
  return [`label ${printable(first, 60)}${others} ${what}: ignored`];
}
