import type { Socket } from "node:net";

/** What a portolan that is ready to serve asks of the one before it: to yield. */
export interface Request {
  /** Addresses that it should serve but cannot bind. */
  readonly missing: readonly string[];
}

/** What the one before says to that: no, with a reason; or at once that it will, and later that it did. */
export type Answer =
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "yielding" }
  | { readonly kind: "yielded" };

const longestLine = 256 * 1024;
const mostMissing = 1000;
const longestReason = 1000;

/** As a line; of many missing addresses the first ones, since one is enough to be refused. */
export function formatRequest({ missing }: Request): string {
  return `${JSON.stringify({ kind: "replace", missing: missing.slice(0, mostMissing) })}\n`;
}

/** Undefined for what is no request. */
export function parseRequest(line: string): Request | undefined {
  const read = parseObject(line);
  if (read?.["kind"] !== "replace" || !Array.isArray(read["missing"])) return undefined;
  const missing: readonly unknown[] = read["missing"];
  return { missing: missing.filter((address) => typeof address === "string") };
}

/** As a line. */
export function formatAnswer(answer: Answer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** Undefined for what is no answer. */
export function parseAnswer(line: string): Answer | undefined {
  const read = parseObject(line);
  const kind = read?.["kind"];
  if (kind === "refused") return { kind, reason: String(read?.["reason"]).slice(0, longestReason) };
  return kind === "yielding" || kind === "yielded" ? { kind } : undefined;
}

/** The lines that arrive, until the other end closes; throws when the connection breaks or a line is too long. */
export async function* linesFrom(socket: Socket): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const chunk of socket.setEncoding("utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) throw new Error("the line is too long");
    yield* lines;
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // Another version may say more than JSON; it is passed over like every unknown word.
    return undefined;
  }
}
