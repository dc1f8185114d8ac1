import { isDeepStrictEqual } from "node:util";
import { options, settingNames } from "./options.ts";
import type { Config, SettingName, Settings } from "./settings.ts";

/** One setting that a configuration has otherwise than another. */
export interface Difference {
  readonly name: SettingName;
  /** `balance: leastconn → first`, without secrets. */
  readonly text: string;
  /** True when it takes effect in a proxy that runs; the others need a restart. */
  readonly isLive: boolean;
}

/** What changed from one configuration to another, in the order of the options. */
export function differences(before: Config, after: Config): Difference[] {
  return settingNames
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => {
      const { flag, isLive = false } = options[name];
      const text = `${flag}: ${shown(name, before)} → ${shown(name, after)}`;
      return { name, text, isLive };
    });
}

/** The configuration to go on with: what is live as it is now, everything else as it was. */
export function withLive(before: Config, after: Config): Config {
  const live = differences(before, after).filter(({ isLive }) => isLive);
  const changed = Object.fromEntries(live.map(({ name }) => [name, after[name]]));
  return Object.freeze({ ...before, ...changed });
}

function shown(name: SettingName, settings: Settings): string {
  return format(name, settings) || "none";
}

function format<K extends SettingName>(name: K, settings: Pick<Settings, K>): string {
  return options[name].reader.format(settings[name]);
}
