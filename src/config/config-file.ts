import { parseDocument } from "yaml";
import { printable } from "../model/problem.ts";
import { suggestion } from "./nearest.ts";
import { camelCase, options, settingNames } from "./options.ts";
import { presentable, withoutSecrets } from "./reader.ts";
import type { SettingName } from "./settings.ts";

/** What stands in a file, by setting, not yet judged. */
export interface FileContents {
  /** The file's path, safe to print; it starts the name of every origin in it. */
  readonly path: string;
  readonly values: ReadonlyMap<SettingName, { readonly key: string; readonly raw: unknown }>;
  readonly problems: readonly string[];
}

const longestFile = 1024 * 1024;
const mostAliases = 100;
const mostSyntaxProblems = 5;

/** Reads YAML, of which JSON is a part; a key that nobody knows is a problem, an empty value is as if not written. */
export function readConfigFile(filePath: string, text: string): FileContents {
  const path = printable(filePath, 200);
  const values = new Map<SettingName, { key: string; raw: unknown }>();
  const document = parse(text);
  if (document.kind === "problems") {
    return { path, values, problems: document.problems.map((problem) => `${path}: ${problem}`) };
  }
  const problems: string[] = [];
  for (const [key, raw] of document.entries) {
    const name = settingOf(key);
    const known = name === undefined ? undefined : values.get(name);
    if (name === undefined) {
      problems.push(`${path}: ${printable(withoutSecrets(key), 60)}: ${refusalOf(key)}`);
    } else if (known !== undefined) {
      problems.push(`${path}: ${key}: the same setting as ${known.key}; keep one of them`);
    } else if (raw !== null) {
      values.set(name, { key, raw });
    }
  }
  return { path, values, problems };
}

type Document =
  | {
      readonly kind: "entries";
      readonly entries: readonly (readonly [key: string, raw: unknown])[];
    }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

function parse(text: string): Document {
  if (text.length > longestFile) return { kind: "problems", problems: ["larger than 1 MiB"] };
  const document = parseDocument(text, { logLevel: "error" });
  if (document.errors.length > 0) {
    return {
      kind: "problems",
      problems: document.errors.slice(0, mostSyntaxProblems).map(syntaxProblem),
    };
  }
  const content = plainOf(document);
  if (content === null) return { kind: "entries", entries: [] };
  if (!(content instanceof Map)) return { kind: "problems", problems: [notMap(content)] };
  return {
    kind: "entries",
    entries: [...content].map(([key, raw]) => [String(key), raw] as const),
  };
}

/** Maps stay `Map`s, so that a key such as `__proto__` is a key like any other; undefined when it cannot be expanded. */
function plainOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    const content: unknown = document.toJS({ mapAsMap: true, maxAliasCount: mostAliases });
    return content;
  } catch {
    // Thrown for aliases that expand without end. The error says nothing that the caller does not.
    return undefined;
  }
}

function notMap(content: unknown): string {
  if (content === undefined) return "too many aliases";
  return `${presentable(content)} is not a map of options to values`;
}

/** The parser's message quotes the source after its first line, and the source may hold a password. */
function syntaxProblem(error: Error): string {
  return printable(error.message.split("\n", 1)[0]?.replace(/:$/, "") ?? "not YAML or JSON", 160);
}

function settingOf(key: string): SettingName | undefined {
  return settingNames.find((name) => {
    const { flag, notInFile } = options[name];
    return notInFile !== true && (key === flag || key === camelCase(flag));
  });
}

function refusalOf(key: string): string {
  if (key === options.configFile.flag) return "cannot be set in the file itself";
  return `unknown option${suggestion(
    key,
    settingNames.map((name) => options[name].flag),
  )}`;
}
