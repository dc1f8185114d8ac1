import { printable } from "../../../model/problem.ts";
import { ownOptions } from "./own-options.ts";
import type { LabelledApp, LabelReading, PortSettings } from "./reading.ts";
import { quoted, type Reading, type ValueReader } from "./values.ts";

const prefix = "portolan.";

type SettingName = keyof PortSettings;

/** One label as written. */
interface Given {
  /** Its name, and its port where the name does not tell. */
  readonly label: string;
  readonly text: string;
}

/** What was written for one port, by setting; of two places the stronger one stands first. */
type Draft = Map<SettingName, readonly Given[]>;

type Values = { -readonly [K in SettingName]?: PortSettings[K] };

/** Reads `portolan.<N>.<option>` on the app, N counting its ports from 0, and `portolan.<option>` on a port, which wins. */
export function readOwnLabels(app: LabelledApp): LabelReading {
  const faults: string[] = [];
  const drafts = app.ports.map(({ labels }, index) => portDraft(labels, index, faults));
  addAppLabels(app.labels, drafts, faults);
  const ports = drafts.map((draft) => settings(draft, faults));
  return { ports, faults };
}

function portDraft(labels: ReadonlyMap<string, string>, index: number, faults: string[]): Draft {
  const draft: Draft = new Map();
  for (const [name, text] of labels) {
    if (!name.startsWith(prefix)) continue;
    const given = { label: `${printable(name, 60)} of port ${index}`, text };
    const setting = settingOf.get(name.slice(prefix.length));
    if (setting === undefined) faults.push(unknown(given));
    else draft.set(setting, [given]);
  }
  return draft;
}

function addAppLabels(
  labels: ReadonlyMap<string, string>,
  drafts: readonly Draft[],
  faults: string[],
): void {
  for (const [name, text] of labels) {
    if (!name.startsWith(prefix)) continue;
    const given = { label: printable(name, 60), text };
    const match = /^(0|[1-9]\d{0,5})\.(.*)$/s.exec(name.slice(prefix.length));
    const setting = settingOf.get(match?.[2] ?? "");
    const draft = drafts[Number(match?.[1])];
    if (setting === undefined) faults.push(unknown(given));
    else if (draft === undefined) faults.push(portless(given));
    else draft.set(setting, [...(draft.get(setting) ?? []), given]);
  }
}

function settings(draft: Draft, faults: string[]): Partial<PortSettings> {
  const values: Values = {};
  for (const [name, given] of draft) {
    const { value, faults: found } = strongest<PortSettings[SettingName]>(
      ownOptions[name].reader,
      given,
    );
    if (value !== undefined) put(values, name, value);
    faults.push(...found);
  }
  return values;
}

function put<K extends SettingName>(values: Values, name: K, value: PortSettings[K]): void {
  values[name] = value;
}

/** The first text that says something; one behind it that says otherwise is reported. */
function strongest<T>(reader: ValueReader<T>, given: readonly Given[]): Reading<T> {
  const faults: string[] = [];
  let winner: { readonly value: T; readonly from: Given } | undefined;
  for (const from of given) {
    if (winner === undefined) {
      const { value, faults: found } = reader.read(from.text);
      faults.push(...found.map((fault) => `label ${from.label}: ${fault}`));
      if (value !== undefined) winner = { value, from };
    } else if (from.text !== winner.from.text) {
      faults.push(`label ${from.label}: ${quoted(from.text)} yields to ${winner.from.label}`);
    }
  }
  return { value: winner?.value, faults };
}

function unknown({ label, text }: Given): string {
  return `label ${label} with ${quoted(text)} is no option: ignored`;
}

function portless({ label, text }: Given): string {
  return `label ${label} with ${quoted(text)} is of a port that the app does not have: ignored`;
}

const settingOf: ReadonlyMap<string, SettingName> = new Map(
  Object.keys(ownOptions)
    .filter((name) => isSettingName(name))
    .map((name) => [ownOptions[name].option, name]),
);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(ownOptions, name);
}
