/** Says whether an app with these labels is selected. */
export type LabelSelector = (labels: Readonly<Record<string, unknown>>) => boolean;

const word = "((?:[A-Za-z0-9._-]|\\\\.)+)";
const existence = new RegExp(`^${word}$`);
const comparison = new RegExp(`^${word}\\s*(==|!=)\\s*${word}$`);
const membership = new RegExp(`^${word}\\s+(in|notin)\\s*\\((.*)\\)$`);

/**
 * Reads `key`, `key==v`, `key!=v`, `key in (a,b)`, `key notin (a,b)`, joined by commas that mean "and"; undefined
 * when malformed. The negations select only apps that have the key. [marathon: label selector]
 */
export function parseLabelSelector(text: string): LabelSelector | undefined {
  const selectors = splitOutsideBrackets(text).map((part) => parseRequirement(part.trim()));
  if (selectors.includes(undefined)) return undefined;
  return (labels) => selectors.every((selects) => selects?.(labels));
}

function parseRequirement(text: string): LabelSelector | undefined {
  const key = existence.exec(text)?.[1];
  if (key !== undefined) return (labels) => Object.hasOwn(labels, plain(key));
  const [, left, operator, right] = comparison.exec(text) ?? [];
  if (left !== undefined && right !== undefined) return among(left, operator === "==", [right]);
  const [, name, relation, list] = membership.exec(text) ?? [];
  if (name === undefined || list === undefined) return undefined;
  const values = splitOutsideBrackets(list).map((value) => value.trim());
  return values.every((value) => existence.test(value))
    ? among(name, relation === "in", values)
    : undefined;
}

function among(key: string, wanted: boolean, values: readonly string[]): LabelSelector {
  const plainValues = new Set<unknown>(values.map(plain));
  const name = plain(key);
  return (labels) => Object.hasOwn(labels, name) && plainValues.has(labels[name]) === wanted;
}

function splitOutsideBrackets(text: string): readonly string[] {
  return text.split(/(?<!\\),(?![^(]*\))/);
}

function plain(escaped: string): string {
  return escaped.replaceAll(/\\(.)/g, "$1");
}
