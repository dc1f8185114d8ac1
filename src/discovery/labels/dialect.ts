import { printable } from "../../model/problem.ts";
import type { DialectReading, LabelledApp, PortSettings, SettingName } from "./reading.ts";
import type { Statement } from "./reading.ts";
import { quoted, type Reading, type ValueReader } from "./values.ts";

/** What the text of a label says of the port with this index. */
export type Meaning = (text: string, index: number) => Reading<Said>;

type Said = Pick<Statement, "settings" | "implied">;

/** What a label's name stands for. */
export type Term =
  /** `index` is the port it is about; absent for every port of the app, or the port it stands on. */
  | { readonly kind: "means"; readonly meaning: Meaning; readonly index?: number }
  /** `why` completes the sentence `label … with … …: ignored`. */
  | { readonly kind: "stray"; readonly why: string };

/** The names of one dialect; undefined for a label that is none of its business. */
export interface Dialect {
  readonly onApp: (name: string) => Term | undefined;
  readonly onPort: (name: string) => Term | undefined;
}

/** A name of the dialect that means nothing. */
export const noOption: Term = { kind: "stray", why: "is no option" };

/** A label that sets one setting to what the reader makes of its text. */
export function sets<K extends SettingName>(
  setting: K,
  reader: ValueReader<PortSettings[K]>,
): Meaning {
  return saying(reader, (value) => {
    const settings: { -readonly [N in SettingName]?: PortSettings[N] } = {};
    settings[setting] = value;
    return { settings };
  });
}

/** A label whose text, read by the reader, says what `said` makes of it. */
export function saying<T>(
  reader: ValueReader<T>,
  said: (value: T, index: number) => Said,
): Meaning {
  return (text, index) => {
    const { value, faults } = reader.read(text);
    return { value: value === undefined ? undefined : said(value, index), faults };
  };
}

/** The index at the head of a name like `0.weight` or `0_PORT`, and what follows the separator. */
export function indexed(
  name: string,
  separator: string,
): { readonly index: number; readonly rest: string } | undefined {
  const at = name.indexOf(separator);
  const digits = name.slice(0, Math.max(0, at));
  if (!/^(?:0|[1-9]\d{0,5})$/.test(digits)) return undefined;
  return { index: Number(digits), rest: name.slice(at + separator.length) };
}

/**
 * What an app's labels of one dialect say. A port's own labels are stronger than those that name the port on the
 * app, and these than labels for every port of the app, which are no contradiction but a default.
 */
export function readDialect(dialect: Dialect, app: LabelledApp): DialectReading {
  const faults = new Set<string>();
  const onApp = Map.groupBy(labelsOf(app.labels, dialect.onApp, { faults }), ({ index }) => index);
  for (const [index, labels] of onApp) {
    if (index === undefined || index < app.ports.length) continue;
    for (const label of labels)
      faults.add(astray(label, "is of a port that the app does not have"));
  }
  const ports = app.ports.map(({ labels }, index) => {
    const onPort = labelsOf(labels, dialect.onPort, { faults, where: ` of port ${index}` });
    const exact = [...onPort, ...(onApp.get(index) ?? [])];
    const said = exact.flatMap((label) => statement(label, index, faults));
    const general = (onApp.get(undefined) ?? []).flatMap((label) =>
      statement(label, index, faults),
    );
    return [...said, ...unsaid(general, said)];
  });
  return { ports, faults: [...faults] };
}

/** One label of the dialect as written. */
interface Label {
  /** With the port it stands on, where the name does not tell. */
  readonly label: string;
  readonly text: string;
  readonly meaning: Meaning;
  readonly index: number | undefined;
}

function labelsOf(
  labels: ReadonlyMap<string, string>,
  termOf: Dialect["onApp"],
  { faults, where = "" }: { readonly faults: Set<string>; readonly where?: string },
): readonly Label[] {
  return [...labels].flatMap(([name, text]) => {
    const term = termOf(name);
    if (term === undefined) return [];
    const label = `${printable(name, 60)}${where}`;
    if (term.kind === "means") return [{ label, text, meaning: term.meaning, index: term.index }];
    faults.add(astray({ label, text }, term.why));
    return [];
  });
}

function statement(
  { label, text, meaning }: Label,
  index: number,
  faults: Set<string>,
): readonly Statement[] {
  const { value, faults: found } = meaning(text, index);
  for (const fault of found) faults.add(`label ${label}: ${fault}`);
  return value === undefined ? [] : [{ label, text, ...value }];
}

/** General statements without what exact ones say. */
function unsaid(general: readonly Statement[], exact: readonly Statement[]): readonly Statement[] {
  const said = new Set(exact.flatMap(({ settings }) => Object.keys(settings)));
  return general.map(({ settings, ...rest }) => {
    const left = Object.entries(settings).filter(([name]) => !said.has(name));
    return { ...rest, settings: Object.fromEntries(left) };
  });
}

function astray({ label, text }: Pick<Label, "label" | "text">, why: string): string {
  return `label ${label} with ${quoted(text)} ${why}: ignored`;
}
