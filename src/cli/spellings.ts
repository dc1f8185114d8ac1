import { options, settingNames } from "../config/options.ts";
import { retiredOptions } from "../config/retired-options.ts";

/** How one option is written, whichever command it belongs to. */
export interface Spelling {
  readonly flag: string;
  /** One letter. */
  readonly alias: string | undefined;
  /** The flag that it is another name of, or its own name. */
  readonly means: string;
  /** What follows it. */
  readonly takes: "nothing" | "value" | "values";
  /** `setting` and `retired` are for `readConfig`, the others for the command line itself. */
  readonly kind: "setting" | "retired" | "demo" | "json" | "help";
}

export const spellings: readonly Spelling[] = [
  ...settingNames.flatMap((name): Spelling[] => {
    const { flag, alias, alsoFlags = [], reader } = options[name];
    const spelling = { takes: reader.takes, kind: "setting", means: flag } as const;
    const others = alsoFlags.map((also) => ({ ...spelling, flag: also, alias: undefined }));
    return [{ ...spelling, flag, alias }, ...others];
  }),
  ...retiredOptions.map(({ flag, alias, isSwitch }): Spelling => {
    return { flag, alias, means: flag, takes: isSwitch ? "nothing" : "value", kind: "retired" };
  }),
  { flag: "script", alias: undefined, means: "script", takes: "nothing", kind: "demo" },
  { flag: "json", alias: undefined, means: "json", takes: "nothing", kind: "json" },
  { flag: "help", alias: "h", means: "help", takes: "nothing", kind: "help" },
  { flag: "version", alias: "V", means: "version", takes: "nothing", kind: "help" },
];

export function findSpelling(flag: string): Spelling | undefined {
  return spellings.find((spelling) => spelling.flag === flag);
}

/** `--workers` or `-x`. */
export function formatFlag(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}
