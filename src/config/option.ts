import type { Reader } from "./reader.ts";
import type { SettingName, Settings } from "./settings.ts";

/** One setting as users write it. */
export interface Option<T> {
  /** Without dashes in front; the environment name and the file key follow from it. */
  readonly flag: string;
  /** One letter. */
  readonly alias?: string;
  /** Further spellings that older programs used; each is an environment name, too. */
  readonly alsoFlags?: readonly string[];
  /** Further environment names that older programs used. */
  readonly alsoEnv?: readonly string[];
  readonly describe: string;
  readonly reader: Reader<T>;
  readonly fallback: T;
  /** True when an empty environment variable is a value and not the absence of one. */
  readonly emptyIsValue?: true;
  /** True when the option cannot stand in the file itself. */
  readonly notInFile?: true;
  /** True when a change of it takes effect in a proxy that runs. */
  readonly isLive?: true;
  /** True when setting it gives the proxy something to serve. */
  readonly isSource?: true;
}

/** The options of some settings. */
export type Options<Names extends SettingName> = {
  readonly [K in Names]: Option<Settings[K]>;
};
