import { styleText } from "node:util";

const longestLine = 8192;
const longestMessage = 1000;
/** `,"truncated":` with its number, and the end of the line. */
const reserve = 64;

// JSON leaves these as they are; on a terminal they move the cursor, break lines or turn the text around.
const unprintable = /[\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** Where text goes, for colours. */
export type Terminal = NodeJS.WritableStream;

/** Makes pino's line safe to show and at most 8 KiB long; what did not fit is told by `truncated`, the length it had. */
export function boundLine(line: string): string {
  const safe = escapeUnprintable(line);
  const bytes = Buffer.byteLength(safe);
  return bytes <= longestLine ? safe : `${shorten(entriesOf(line), bytes)}\n`;
}

/** `12:03:04 info  message key=value`, of a line of JSON; times are local. */
export function toText(line: string, terminal: Terminal): string {
  const { level, time, name, msg, ...fields } = Object.fromEntries(entriesOf(line));
  const label = textOf(level);
  const parts = [
    styleText("dim", clockTime(textOf(time)), { stream: terminal }),
    `${styleText(colourOf(label), label, { stream: terminal })}${" ".repeat(Math.max(0, 5 - label.length))}`,
    ...(name === undefined ? [] : [escapeControl(`${textOf(name)}:`)]),
    escapeControl(textOf(msg)),
    ...Object.entries(fields).map(
      ([key, value]) =>
        `${styleText("dim", `${escapeControl(key)}=`, { stream: terminal })}${fieldText(value)}`,
    ),
  ];
  return `${parts.join(" ")}\n`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

type Entries = readonly (readonly [key: string, value: unknown])[];

function entriesOf(line: string): Entries {
  const parsed: unknown = JSON.parse(line);
  return typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
}

/** Keeps what names the line, then as many fields as fit, in their order. */
function shorten(entries: Entries, bytes: number): string {
  const kept = new Map<string, unknown>();
  for (const key of ["level", "time", "name", "msg"]) {
    const value = entries.find(([candidate]) => candidate === key)?.[1];
    if (value !== undefined)
      kept.set(key, typeof value === "string" ? value.slice(0, longestMessage) : value);
  }
  let room = longestLine - reserve - Buffer.byteLength(serialise(kept));
  for (const [key, value] of entries) {
    if (kept.has(key)) continue;
    room -= Buffer.byteLength(serialise(new Map([[key, value]])));
    if (room < 0) break;
    kept.set(key, value);
  }
  return serialise(kept.set("truncated", bytes));
}

function serialise(entries: ReadonlyMap<string, unknown>): string {
  return escapeUnprintable(JSON.stringify(Object.fromEntries(entries)));
}

function escapeUnprintable(line: string): string {
  return line.replaceAll(unprintable, unicodeEscape);
}

function escapeControl(text: string): string {
  return text.replaceAll(control, (character) =>
    character === "\n" ? String.raw`\n` : unicodeEscape(character),
  );
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function fieldText(value: unknown): string {
  const isBare = typeof value === "string" && /^[^\s"'=\\]+$/.test(value);
  return escapeControl(isBare ? value : JSON.stringify(value));
}

function clockTime(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}

function colourOf(level: string): "red" | "yellow" | "green" | "dim" {
  if (level === "error") return "red";
  if (level === "warn") return "yellow";
  return level === "info" ? "green" : "dim";
}
