import { printable } from "../model/problem.ts";

type Parsed<T> =
  | { readonly kind: "value"; readonly value: T }
  /** `shown` are the parts that were not understood, safe to print. */
  | { readonly kind: "refused"; readonly shown: readonly string[] };

/** How one kind of value is written; `parse` never throws and `format` is its inverse, less secrets. */
export interface Reader<T> {
  /** What follows the flag on a command line. */
  readonly takes: "value" | "values" | "nothing";
  /** Ends the sentence `give …`. */
  readonly accepts: string;
  parse(raw: unknown): Parsed<T>;
  format(value: T): string;
}

export function refused(raw: unknown): {
  readonly kind: "refused";
  readonly shown: readonly string[];
} {
  return { kind: "refused", shown: [presentable(raw)] };
}

/** The trimmed text of a string, or of a number as YAML and JSON files give it; undefined for anything else. */
export function textOf(raw: unknown): string | undefined {
  if (typeof raw === "string") return raw.trim();
  return typeof raw === "number" ? String(raw) : undefined;
}

const longestShown = 60;

/** A bad value for a message: quoted, bounded, printable, without what may be a password or a token. */
export function presentable(raw: unknown): string {
  const text = textOf(raw);
  if (text !== undefined) return `"${printable(withoutSecrets(text), longestShown)}"`;
  if (typeof raw === "boolean") return String(raw);
  return Array.isArray(raw) ? "a list" : "a map";
}

/** Masks what stands before the last `@` (userinfo) and after `?` (a query may carry a token). */
export function withoutSecrets(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]{0,15}:\/\//i.exec(text)?.[0] ?? "";
  const at = text.lastIndexOf("@");
  const masked = at < scheme.length ? text : `${scheme}***${text.slice(at)}`;
  return masked.replace(/\?.*/s, "?***");
}
