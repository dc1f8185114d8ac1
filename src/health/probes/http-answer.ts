import { printable } from "../../model/problem.ts";
import { nextBytes, nextLine, type Reading, type Script } from "./conversation.ts";
import { bad, good, type Finding } from "./finding.ts";
import type { Heard } from "./heard.ts";

/** The statuses that count as well, both ends included. */
export interface StatusRange {
  readonly least: number;
  readonly most: number;
}

const beginning = "HTTP/1.";
const statusGrammar = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/;
const fieldGrammar = /^[\w!#$%&'*+.^`|~-]+[ \t]*:/;
const foldGrammar = /^[ \t]/;
const switchingProtocols = 101;
const shown = 60;

/** Sends the request and reads the head of the answer; the body does not matter. */
export function httpScript(request: Buffer, range: StatusRange): Script {
  return function* (heard) {
    yield request;
    for (;;) {
      const status = yield* readHead(heard);
      if (typeof status !== "number") return status;
      // Interim answers announce the real one [rfc9110 §15.2]; a switch of protocols is final, and nobody asked for it.
      if (status < 200 && status !== switchingProtocols) continue;
      const isWell = status >= range.least && status <= range.most;
      return isWell ? good(`L7OK/${status}`) : bad(`L7STS/${status}`);
    }
  };
}

function* readHead(heard: Heard): Reading<number | Finding> {
  // Seven bytes tell another protocol at once; it may never send a line.
  const start = yield* nextBytes(heard, beginning.length);
  if (start !== beginning) return bad("L7RSP", `not HTTP: ${printable(start)}`);
  const line = yield* nextLine(heard);
  const status = statusGrammar.exec(line)?.[1];
  if (status === undefined) return bad("L7RSP", `status line: ${printable(line, shown)}`);
  for (;;) {
    const field = yield* nextLine(heard);
    if (field === "") return Number(status);
    const isField = fieldGrammar.test(field) || foldGrammar.test(field);
    if (!isField) return bad("L7RSP", `header line: ${printable(field, shown)}`);
  }
}
