/** The named members of a JSON object; values are unknown until read. */
export type Fields = Readonly<Record<string, unknown>>;

/** True for a JSON object, as opposed to an array, null or a plain value. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's members, or none when the value is anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The array's items, or none when the value is anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A non-empty string of at most `limit` characters (default 1024), else undefined. */
export function textOf(value: unknown, limit: number = 1024): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= limit ? value : undefined;
}

/** A finite number, else undefined. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since the epoch; undefined when no timestamp is set, 0 when one is set that cannot be read. */
export function timeOf(value: unknown): number | undefined {
  const text = textOf(value, 64);
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}

/** An array of numbers that keeps its positions: what is not a number leaves a hole. */
export function numbersOf(value: unknown): readonly (number | undefined)[] {
  return listOf(value).map(numberOf);
}
