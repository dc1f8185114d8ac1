import { printable } from "../model/problem.ts";

/** Every way an answer of Marathon can be unusable: a closed list, used as metric label. */
export type BadAnswer =
  | "connect"
  | "timeout"
  | "reset"
  | "protocol"
  | "credentials"
  | "auth"
  | "not-found"
  | "status"
  | "redirect"
  | "encoding"
  | "unframed"
  | "empty"
  | "too-large"
  | "too-slow"
  | "not-json"
  | "wrong-shape";

/** An answer that must not be believed, with the reason. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  readonly code: BadAnswer;
  /** How long the other side asked to be left alone, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: BadAnswer,
    detail: string,
    {
      retryAfterMs,
      ...options
    }: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(`${code}: ${printable(detail, 200)}`, options);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const codes: ReadonlyMap<string, BadAnswer> = new Map<string, BadAnswer>([
  ["UND_ERR_CONNECT_TIMEOUT", "timeout"],
  ["UND_ERR_HEADERS_TIMEOUT", "timeout"],
  ["UND_ERR_BODY_TIMEOUT", "timeout"],
  ["ETIMEDOUT", "timeout"],
  ["UND_ERR_SOCKET", "reset"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", "too-large"],
  ["UND_ERR_HEADERS_OVERFLOW", "protocol"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "protocol"],
]);

/** What an error of the HTTP client means; an AnswerError stays itself. */
export function toAnswerError(error: unknown): AnswerError {
  if (error instanceof AnswerError) return error;
  const code = codeOf(error);
  const isUnreadable = error instanceof Error && error.name === "HTTPParserError";
  const reason = codes.get(code) ?? (isUnreadable ? "protocol" : "connect");
  const message = error instanceof Error ? error.message : String(error);
  return new AnswerError(reason, [message, code].filter((part) => part !== "").join(" "), {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
