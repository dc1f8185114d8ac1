import { printable } from "../../model/problem.ts";
import { nextLine, type Reading, type Script } from "./conversation.ts";
import { bad, good, type Finding } from "./finding.ts";
import type { Heard } from "./heard.ts";

const shown = 80;
const replyGrammar = /^([2-5]\d\d)(?:([ -]).*)?$/;

/** Waits for the greeting, says EHLO and takes its leave, so that no server logs a lost connection. */
export const smtpScript: Script = function* (heard) {
  const greeting = yield* expectReply(heard, "220");
  if (greeting !== undefined) return greeting;
  yield Buffer.from("EHLO localhost\r\n");
  const hello = yield* expectReply(heard, "250");
  if (hello !== undefined) return hello;
  yield Buffer.from("QUIT\r\n");
  // A server that just closes has understood as well.
  while (!heard.ended && heard.line() === undefined) yield undefined;
  return good("L7OK/250");
};

/** Reads one reply, which may take several lines of one code [rfc5321 §4.2.1]; undefined when it is the wanted one. */
function* expectReply(heard: Heard, code: string): Reading<Finding | undefined> {
  for (;;) {
    const line = yield* nextLine(heard);
    const [, found, separator] = replyGrammar.exec(line) ?? [];
    if (found === undefined) return bad("L7RSP", printable(line, shown));
    if (found !== code) return bad("L7STS", printable(line, shown));
    if (separator !== "-") return undefined;
  }
}
