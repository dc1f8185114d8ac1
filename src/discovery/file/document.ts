import { parse } from "yaml";

import { isFields, type Fields } from "../fields.ts";

/** The object that YAML or JSON text stands for; throws with the reason when it stands for none. */
export function parseDocument(text: string, path: string): Fields {
  // A file that is being rewritten in place is empty for a moment: that never means that nothing should exist.
  if (text.trim() === "") throw new Error("the file is empty");
  const document: unknown = path.endsWith(".json") ? JSON.parse(text) : parseYaml(text);
  if (!isFields(document)) throw new Error("the file holds no object");
  return document;
}

/** JSON is read as YAML too. Aliases are bounded, since few lines of them can stand for gigabytes. */
function parseYaml(text: string): unknown {
  return parse(text, { maxAliasCount: 100, uniqueKeys: true, logLevel: "error" });
}
