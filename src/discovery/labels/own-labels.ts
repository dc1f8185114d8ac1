import { indexed, noOption, readDialect, sets, type Meaning, type Term } from "./dialect.ts";
import { ownOptions } from "./own-options.ts";
import type { LabelReader, SettingName } from "./reading.ts";

const prefix = "portolan.";

/** Reads `portolan.<N>.<option>` on the app, N counting its ports from 0, and `portolan.<option>` on a port, which wins. */
export const readOwnLabels: LabelReader = (app) =>
  readDialect({ onApp: termOnApp, onPort: termOnPort }, app);

function termOnApp(name: string): Term | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const { index, rest } = indexed(name.slice(prefix.length), ".") ?? {};
  const meaning = meanings.get(rest ?? "");
  if (meaning === undefined || index === undefined) return noOption;
  return { kind: "means", meaning, index };
}

function termOnPort(name: string): Term | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const meaning = meanings.get(name.slice(prefix.length));
  return meaning === undefined ? noOption : { kind: "means", meaning };
}

const meanings: ReadonlyMap<string, Meaning> = new Map(
  Object.keys(ownOptions)
    .filter((name) => isSettingName(name))
    .map((name) => [ownOptions[name].option, sets(name, ownOptions[name].reader)]),
);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(ownOptions, name);
}
