/** A JSON object whose fields are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object under `key`, if there is one. */
export function objectAt(from: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = from?.[key];
  return isObject(value) ? value : undefined;
}

/** The objects in the list under `key`; undefined when there is no list. */
export function objectsAt(
  from: JsonObject | undefined,
  key: string,
): readonly JsonObject[] | undefined {
  const value = from?.[key];
  return Array.isArray(value) ? value.filter(isObject) : undefined;
}

export function textAt(from: JsonObject | undefined, key: string): string | undefined {
  const value = from?.[key];
  return typeof value === "string" ? value : undefined;
}

export function numberAt(from: JsonObject | undefined, key: string): number | undefined {
  const value = from?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A copy without the named fields. */
export function without(from: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.has(name)));
}

/** A copy without the fields that are null or undefined. */
export function withoutNulls(from: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(from).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** Marathon's timestamps: UTC, exactly `yyyy-MM-ddTHH:mm:ss.SSSZ`. [marathon: timestamps] */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}
