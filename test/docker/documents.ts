import { readFileSync } from "node:fs";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);

/** A file of `docker/`, as text. */
export function read(path: string): string {
  return readFileSync(new URL(`docker/${path}`, root), "utf8");
}

/** A YAML or JSON file of `docker/`. */
export function document(path: string): unknown {
  return parse(read(path));
}

/** What stands at a path inside a document; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

/** The items of a list inside a document; none where there is no list. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The entries of a mapping inside a document; none where there is none. */
export function entriesAt(
  value: unknown,
  ...path: readonly (string | number)[]
): [string, unknown][] {
  const found = at(value, ...path);
  return typeof found === "object" && found !== null ? Object.entries(found) : [];
}
