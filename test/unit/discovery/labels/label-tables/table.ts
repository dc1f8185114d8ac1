import type { PortSettings } from "../../../../../src/discovery/labels/reading.ts";

/** What one option of our labels makes of texts. */
export interface Table {
  readonly setting: keyof PortSettings;
  /** Read as they are, without a word. */
  readonly good: readonly (readonly [text: string, want: unknown])[];
  /** Taken as something else, and reported with what was done. */
  readonly mended: readonly (readonly [text: string, want: unknown, done: string])[];
  /** Ignored, and reported. */
  readonly bad: readonly string[];
}

/** Tables by option, in the order of the options. */
export type Tables = Readonly<Record<string, Table>>;

/** None of them is a whole number. */
export const notNumbers: readonly string[] = [
  "",
  " ",
  "abc",
  "1;drop",
  "1.5",
  "1e3",
  "0x10",
  "NaN",
  "Infinity",
  "1 2",
  "+1",
];
/** None of them is a time. */
export const notTimes: readonly string[] = [
  "",
  "abc",
  "1;drop",
  "-1",
  "-1s",
  "1d",
  "s",
  "1e3",
  "NaN",
  "Infinity",
  "0.0001ms",
];
const notSwitches = ["", "yes", "on", "2", "truee", "1;drop"];
/** The table of an option that is on or off. */
export function switchOf(setting: keyof PortSettings): Table {
  const good = [
    ["true", true],
    ["1", true],
    [" TRUE ", true],
    ["false", false],
    ["0", false],
  ] as const;
  return { setting, good, mended: [], bad: notSwitches };
}

/** The table of an option with a closed list of words. */
export function wordsOf(setting: keyof PortSettings, ...words: readonly string[]): Table {
  const good = words.map((word) => [` ${word.toUpperCase()} `, word] as const);
  return {
    setting,
    good,
    mended: [],
    bad: ["", "x", words.slice(0, 2).join(","), "__proto__", "constructor"],
  };
}

/** The table of an option that is a time from `leastMs`, as written in `least`, to a day. */
export function timeUpToADay(setting: keyof PortSettings, least: string, leastMs: number): Table {
  const good = [
    [least, leastMs],
    ["1h", 3_600_000],
    ["24h", 86_400_000],
  ] as const;
  const mended = [
    ["0", leastMs, `: taken as ${least}`],
    ["25h", 86_400_000, ": taken as 24h"],
    ["1000000000", 86_400_000, ": taken as 24h"],
  ] as const;
  return { setting, good, mended, bad: notTimes };
}
