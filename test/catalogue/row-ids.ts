import { globSync, readFileSync } from "node:fs";

const atTheEnd =
  /\(((?:T|R|HC|M|B|U|P|S|W|X|A|L|D)\d\d(?:, (?:T|R|HC|M|B|U|P|S|W|X|A|L|D)\d\d)*)\)$/;
const literal = /\b(?:test|suite)\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;

/** The rows that a test's name says it shows: `… (T18)`, `… (T09, T10)`. */
export function rowIdsOf(name: string): string[] {
  return atTheEnd.exec(name)?.[1]?.split(", ") ?? [];
}

/** A test or suite in the sources, by its name as it is written there. */
export interface WrittenTest {
  readonly file: string;
  readonly name: string;
}

/** Every test and suite of the sources. */
export function writtenTests(): WrittenTest[] {
  const root = new URL("../..", import.meta.url).pathname;
  return globSync("test/**/*.ts", { cwd: root }).flatMap((file) =>
    [...readFileSync(`${root}${file}`, "utf8").matchAll(literal)].map((match) => ({
      file,
      name: match[1] ?? match[2] ?? "",
    })),
  );
}
