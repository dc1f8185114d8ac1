import type { Options } from "./option.ts";
import { balancingOptions } from "./options/balancing.ts";
import { discoveryOptions } from "./options/discovery.ts";
import { gatewayOptions } from "./options/gateway.ts";
import { healthOptions } from "./options/health.ts";
import { listenersOptions } from "./options/listeners.ts";
import { loggingOptions } from "./options/logging.ts";
import { publishingOptions } from "./options/publishing.ts";
import { sourcesOptions } from "./options/sources.ts";
import { runtimeOptions } from "./options/runtime.ts";
import { statusOptions } from "./options/status.ts";
import type { SettingName, Settings } from "./settings.ts";

interface OptionGroup {
  readonly heading: string;
  readonly options: Partial<Options<SettingName>>;
}

/** The headings of `--help`, in their order, each with its options. */
export const optionGroups: readonly OptionGroup[] = [
  { heading: "Discovery", options: discoveryOptions },
  { heading: "Other sources", options: sourcesOptions },
  { heading: "Listeners", options: listenersOptions },
  { heading: "Host names", options: gatewayOptions },
  { heading: "Balancing", options: balancingOptions },
  { heading: "Health", options: healthOptions },
  { heading: "Publishing", options: publishingOptions },
  { heading: "Status and metrics", options: statusOptions },
  { heading: "Logging", options: loggingOptions },
  { heading: "Runtime", options: runtimeOptions },
];

/** Every option there is; `--help`, environment names, file keys and the README's table are all read from here. */
export const options: Options<SettingName> = {
  ...discoveryOptions,
  ...sourcesOptions,
  ...listenersOptions,
  ...gatewayOptions,
  ...balancingOptions,
  ...healthOptions,
  ...publishingOptions,
  ...statusOptions,
  ...loggingOptions,
  ...runtimeOptions,
};

/** An option whose value's type does not matter, for those who only list or name options. */
export type AnyOption = (typeof options)[SettingName];

export const settingNames: readonly SettingName[] = Object.keys(options).filter((name) =>
  isSettingName(name),
);

/** How the default is shown; empty for none. */
export function defaultText(name: SettingName): string {
  return formatSetting(name, options[name].fallback);
}

/** `refresh-interval` → `refreshInterval`, the other spelling of a file key. */
export function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(options, name);
}

function formatSetting<K extends SettingName>(name: K, value: Settings[K]): string {
  return options[name].reader.format(value);
}
