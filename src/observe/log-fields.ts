import type { LogFields } from "../model/logger.ts";

const longestText = 1024;
const longestStack = 2048;
const mostItems = 50;
const deepest = 4;
// Room to see the end of a secret that begins before the cut.
const lookahead = 512;

const secretKey =
  /^(?:(?:proxy-)?authorization|passw(?:or)?d|passphrase|secret|token|credentials?|(?:set-)?cookie|x-api-key)$/i;
const secretInText =
  /\b((?:proxy-)?authorization|passw(?:or)?d)(["']?\s*[:=]\s*["']?)(?:(?:basic|bearer)\s+)?[^\s"',;]+/gi;
const userinfo = /(?<=:\/\/)[^\s/?#"'<>]*@/g;
const unfinishedUserinfo = /(?<=:\/\/)[^\s/?#"'<>]*$/;

/** Fields of the line itself; a field of the same name would be a second key in one object. */
const reservedKeys: ReadonlySet<string> = new Set(["level", "time", "name", "msg", "truncated"]);

/** Text without credentials and of bounded length, followed by how much was cut. */
export function cleanText(text: string, limit: number = longestText): string {
  const part = text.slice(0, limit + lookahead);
  const masked = (part.length < text.length ? part.replace(unfinishedUserinfo, "***") : part)
    .replaceAll(userinfo, "***@")
    .replaceAll(secretInText, "$1$2[redacted]");
  return text.length <= limit ? masked : `${masked.slice(0, limit)}… (${text.length} characters)`;
}

/** A copy that is safe to serialise: no credentials, no cycles, bounded in depth, length and number. Never throws. */
export function cleanFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    cleanEntries(fields, 0).map(([key, value]) => [reservedKeys.has(key) ? `${key}_` : key, value]),
  );
}

function clean(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(value);
    case "bigint":
    case "function":
    case "symbol":
      return cleanText(String(value), 100);
    case "object":
      return value === null ? null : cleanObject(value, depth);
    case "number":
    case "boolean":
    case "undefined":
      return value;
  }
}

function cleanObject(value: object, depth: number): unknown {
  if (value instanceof Error) return cleanError(value, depth);
  if (value instanceof Date) return formatDate(value);
  if (value instanceof URL) return cleanText(value.href);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  return depth < deepest ? cleanCollection(value, depth) : "…";
}

function cleanCollection(value: object, depth: number): unknown {
  if (Array.isArray(value) || value instanceof Set) {
    return firstOf(value).map((item) => clean(item, depth + 1));
  }
  const entries = value instanceof Map ? Object.fromEntries(firstOf(value)) : value;
  return Object.fromEntries(cleanEntries(entries, depth));
}

function formatDate(value: Date): string {
  return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
}

function firstOf<T>(items: Iterable<T>): readonly T[] {
  return Iterator.from(items).take(mostItems).toArray();
}

function cleanEntries(value: object, depth: number): readonly (readonly [string, unknown])[] {
  return keysOf(value)
    .slice(0, mostItems)
    .map((key) => [
      cleanText(key, 100),
      secretKey.test(key) ? "[redacted]" : readField(value, key, depth),
    ]);
}

function keysOf(value: object): readonly string[] {
  try {
    return Object.keys(value);
  } catch {
    // A proxy may refuse even this; a log line must not fail because of what it reports.
    return [];
  }
}

function readField(value: object, key: string, depth: number): unknown {
  try {
    const field: unknown = Reflect.get(value, key);
    return clean(field, depth + 1);
  } catch {
    // A getter threw; a log line must not fail because of what it reports.
    return "[unreadable]";
  }
}

function cleanError(error: Error, depth: number): unknown {
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    type: cleanText(error.name, 100),
    message: cleanText(error.message),
    ...(typeof code === "string" && { code: cleanText(code, 100) }),
    ...(error.cause !== undefined && depth < deepest && { cause: clean(error.cause, depth + 1) }),
    ...(typeof error.stack === "string" && { stack: cleanText(error.stack, longestStack) }),
  };
}
