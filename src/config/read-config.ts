import { retiredVariables, unknownVariables } from "./environment.ts";
import { options, settingNames } from "./options.ts";
import { retiredOptions } from "./retired-options.ts";
import type { Places } from "./settle.ts";
import { noFile, openConfigFile, readText, settle } from "./settle.ts";
import type { Config, Origin, SettingName, Settings } from "./settings.ts";

export interface ConfigInputs extends Places {
  /** True makes it a problem when nothing says where services come from. Default: false. */
  readonly needsSource?: boolean;
}

export type ReadConfig =
  | { readonly kind: "config"; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/** Settles every option from its strongest origin; when anything is wrong, all of it is told at once, a line each. */
export function readConfig(inputs: ConfigInputs): ReadConfig {
  const draft: Draft = { values: {}, origins: {}, problems: [] };
  const file = openConfigFile(settle("configFile", inputs, noFile), inputs);
  draft.problems.push(...file.problems);
  for (const name of settingNames) {
    const settled = settle(name, inputs, file);
    if (settled.kind === "problems") {
      draft.problems.push(...settled.problems);
    } else {
      put(draft.values, name, settled.value);
      draft.origins[name] = settled.origin;
    }
  }
  checkFiles(draft, inputs);
  // A file that was not understood may well have named a source.
  if (inputs.needsSource === true && file.problems.length === 0) checkSource(draft);

  const { values, origins, problems } = draft;
  if (problems.length > 0 || !isWhole(values) || !hasAll(origins))
    return { kind: "problems", problems };
  applyVerbose(values, origins);
  const config = Object.freeze({ ...values, origins: Object.freeze(origins) });
  return { kind: "config", config, warnings: warningsOf(config, inputs) };
}

/** True when something says where services come from, so that there is something to run. */
export function hasSource(config: Config): boolean {
  return sourceNames.some((name) => !isEmpty(config[name]));
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft {
  readonly values: Partial<Writable<Settings>>;
  readonly origins: Partial<Record<SettingName, Origin>>;
  readonly problems: string[];
}

const sourceNames = settingNames.filter((name) => options[name].isSource === true);

function put<K extends SettingName>(
  values: Partial<Writable<Settings>>,
  name: K,
  value: Settings[K],
): void {
  values[name] = value;
}

/** Files that are read later, some of them again and again; a wrong path is told before anything is bound. */
const readLater = [
  "marathonAuthFile",
  "marathonCa",
  "marathonCert",
  "marathonKey",
  "consulTokenFile",
  "checkSecrets",
  "adminTokenFile",
] as const;

function checkFiles({ values, origins, problems }: Draft, places: Places): void {
  for (const name of readLater) {
    const path = values[name];
    const origin = origins[name];
    if (path === undefined || origin === undefined) continue;
    const text = readText(path, origin, places);
    if (text.kind === "problems") problems.push(...text.problems);
    else if (text.value.trim() === "") problems.push(`${origin.name}: the file is empty`);
  }
}

function checkSource({ values, problems }: Draft): void {
  // A source that was given but not understood is already a problem of its own.
  const isMissing = sourceNames.every((name) => name in values && isEmpty(values[name]));
  if (!isMissing) return;
  const [first = "", ...others] = sourceNames.map((name) => `--${options[name].flag}`);
  problems.push(
    `no source of services: give ${first} (or ${others.join(", ")}), or try "portolan demo", which needs none`,
  );
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

const strengths = { default: 0, file: 1, environment: 2, flag: 3 } as const satisfies Record<
  Origin["kind"],
  number
>;

/** `-v` lowers the level, unless the level itself was set at least as strongly. */
function applyVerbose(values: Writable<Settings>, origins: Record<SettingName, Origin>): void {
  const { verbose, logLevel } = origins;
  if (!values.verbose || strengths[logLevel.kind] >= strengths[verbose.kind]) return;
  values.logLevel = "debug";
  origins.logLevel = verbose;
}

function isWhole(values: Partial<Writable<Settings>>): values is Writable<Settings> {
  return settingNames.every((name) => name in values);
}

function hasAll(
  origins: Partial<Record<SettingName, Origin>>,
): origins is Record<SettingName, Origin> {
  return settingNames.every((name) => name in origins);
}

function warningsOf(config: Config, { flags, env }: Places): readonly string[] {
  const warnings: string[] = [];
  const retired = [
    ...retiredOptions.filter(({ flag }) => flags.has(flag)).map(({ flag }) => `--${flag}`),
    ...retiredVariables(env),
  ];
  if (retired.length > 0)
    warnings.push(`ignored, since there is nothing left to set: ${retired.join(", ")}`);
  const hasSecret = config.marathon.some(
    ({ username, password }) => username !== "" || password !== "",
  );
  if (hasSecret && config.origins.marathon.kind === "flag") {
    warnings.push(
      "--marathon: credentials in a URL are visible in process listings; use --marathon-auth-file",
    );
  }
  warnings.push(...unknownVariables(env));
  return warnings;
}
