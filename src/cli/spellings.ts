import { options, settingNames } from "../config/options.ts";
import { retiredOptions } from "../config/retired-options.ts";

/** How one option is written, whichever command it belongs to. */
export interface Spelling {
  readonly flag: string;
  /** One letter. */
  readonly alias: string | undefined;
  /** What follows it. */
  readonly takes: "nothing" | "value" | "values";
  /** `setting` and `retired` are for `readConfig`, the others for the command line itself. */
  readonly kind: "setting" | "retired" | "demo" | "help";
}

export const spellings: readonly Spelling[] = [
  ...settingNames.map((name): Spelling => {
    const { flag, alias, reader } = options[name];
    return { flag, alias, takes: reader.takes, kind: "setting" };
  }),
  ...retiredOptions.map(({ flag, alias, isSwitch }): Spelling => {
    return { flag, alias, takes: isSwitch ? "nothing" : "value", kind: "retired" };
  }),
  { flag: "script", alias: undefined, takes: "nothing", kind: "demo" },
  { flag: "help", alias: "h", takes: "nothing", kind: "help" },
  { flag: "version", alias: "V", takes: "nothing", kind: "help" },
];

export function findSpelling(flag: string): Spelling | undefined {
  return spellings.find((spelling) => spelling.flag === flag);
}

/** `--workers` or `-x`. */
export function formatFlag(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}
