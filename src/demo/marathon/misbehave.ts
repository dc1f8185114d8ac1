import { type Answer, errorPage, empty, json } from "./answers.ts";
import type { DialectRules } from "./dialect.ts";
import type { Exchange } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import { send } from "./send.ts";

/** Does what the fault says instead of answering; false when the fault leaves the answer to Marathon. */
export async function misbehave(
  exchange: Exchange,
  fault: Fault,
  rules: DialectRules,
): Promise<boolean> {
  const { socket } = exchange.response;
  if (isFalseAnswer(fault)) {
    await send(exchange, falseAnswer(exchange, fault, rules), { rules, fault: undefined });
    return true;
  }
  if (fault.kind === "reset") socket?.resetAndDestroy();
  else if (fault.kind === "raw") socket?.end(fault.payload);
  else return fault.kind === "hang";
  return true;
}

type FalseAnswer = Extract<Fault, { kind: "status" | "empty" | "html" | "refuse-stream" }>;

const falseAnswers: ReadonlySet<string> = new Set(["status", "empty", "html", "refuse-stream"]);

function isFalseAnswer(fault: Fault): fault is FalseAnswer {
  return falseAnswers.has(fault.kind);
}

function falseAnswer({ url }: Exchange, fault: FalseAnswer, rules: DialectRules): Answer {
  if (fault.kind === "empty") return empty(200, json(rules, 200, {}).headers);
  if (fault.kind === "html") return loginPage;
  const page = errorPage(fault.status, url.pathname, "Service Unavailable");
  if (fault.kind === "refuse-stream") return page;
  const body = fault.body === undefined ? page.body : Buffer.from(fault.body);
  const type = fault.contentType === undefined ? {} : { "Content-Type": fault.contentType };
  return { status: fault.status, body, headers: { ...page.headers, ...type, ...fault.headers } };
}

const loginPage: Answer = {
  status: 200,
  body: Buffer.from("<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>"),
  headers: { "Content-Type": "text/html;charset=utf-8" },
};
