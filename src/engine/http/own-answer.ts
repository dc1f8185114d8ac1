import { STATUS_CODES } from "node:http";
import type { Answer } from "./answer.ts";
import { formatFields } from "./fields.ts";
import type { Refusal } from "./refusal.ts";
import type { ResponseHead } from "./response-head.ts";

/** Seconds after which a client may ask again when nobody could serve it. */
const retryAfter = "1";

/** Answers a request ourselves; its connection ends with that. */
export function answerOurselves(answer: Answer, refusal: Refusal): void {
  const { head, body } = ownAnswer(refusal);
  answer.begin(head, { isEmpty: false, closes: true, isEarly: false, more: [] });
  answer.end(body, []);
}

/** Our own answer as bytes, for a connection on which no request was understood. */
export function ownAnswerText(refusal: Refusal): string {
  const { head, body } = ownAnswer(refusal);
  const fields = formatFields([...head.fields, "Connection", "close"]);
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${fields}\r\n${body.toString("latin1")}`;
}

/** The head and the body of an answer of our own: the class of the reason and nothing of what was asked. */
function ownAnswer({ status, reason }: Refusal): { head: ResponseHead; body: Buffer } {
  const body = Buffer.from(`${reason}\n`, "latin1");
  const fields = ["Content-Type", "text/plain", "Content-Length", String(body.length)];
  fields.push("Cache-Control", "no-store");
  if (status === 503) fields.push("Retry-After", retryAfter);
  if (status === 405) fields.push("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  const head = {
    status,
    reason: STATUS_CODES[status] ?? "",
    fields,
    length: body.length,
    namesTrailers: false,
    isChunked: false,
    keepsAlive: false,
    idleMs: undefined,
    offersLogin: false,
    upgrade: "",
  };
  return { head, body };
}
