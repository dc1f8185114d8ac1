import type { Refusal } from "./refusal.ts";

const refusals: ReadonlyMap<string, Refusal> = new Map([
  ["HPE_HEADER_OVERFLOW", { status: 431, reason: "headers-too-large" }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { status: 413, reason: "body-malformed" }],
  ["HPE_PAUSED_H2_UPGRADE", { status: 505, reason: "bad-version" }],
  ["HPE_INVALID_TRANSFER_ENCODING", { status: 400, reason: "bad-framing" }],
  ["HPE_INVALID_CONTENT_LENGTH", { status: 400, reason: "bad-framing" }],
  ["HPE_UNEXPECTED_CONTENT_LENGTH", { status: 400, reason: "bad-framing" }],
]);

/** The answer to what the parser refused; undefined when it is not the parser's error but the end of the connection. */
export function refusalOfFault(error: Error): Refusal | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (!code.startsWith("HPE_") || code === "HPE_INVALID_EOF_STATE") return undefined;
  return refusals.get(code) ?? { status: 400, reason: "bad-request" };
}
