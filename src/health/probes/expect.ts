import type { CheckPolicy } from "../../model/check.ts";
import type { Script } from "./conversation.ts";
import { good } from "./finding.ts";

const escapeGrammar = /\\(?:([rnt\\*])|x([\dA-Fa-f]{2}))/g;
const named: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "\\": "\\", "*": "*" };

/** The bytes that a label's text stands for: `\r \n \t \\ \* \xHH`, the rest as UTF-8; any other backslash is itself. */
export function bytesOf(text: string): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const match of text.matchAll(escapeGrammar)) {
    const [whole, name, hex] = match;
    parts.push(Buffer.from(text.slice(at, match.index), "utf8"));
    parts.push(hex === undefined ? Buffer.from(named[name ?? ""] ?? "") : Buffer.from(hex, "hex"));
    at = match.index + whole.length;
  }
  parts.push(Buffer.from(text.slice(at), "utf8"));
  return Buffer.concat(parts);
}

/**
 * What an answer must contain, in this order and with anything between: the text is cut at each `*` that no backslash
 * precedes. Regular expressions are not offered, since whoever labels an app could hang the proxy with one.
 */
export function expectedParts(text: string): Buffer[] {
  const parts: string[] = [""];
  for (const [token] of text.matchAll(/\\?[^]/g)) {
    if (token === "*") parts.push("");
    else parts.push(`${parts.pop() ?? ""}${token}`);
  }
  return parts.filter((part) => part !== "").map(bytesOf);
}

/** True when the message contains all parts, in their order. */
export function containsAll(message: Buffer, parts: readonly Buffer[]): boolean {
  let from = 0;
  for (const part of parts) {
    const at = message.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

/** Sends what the policy says, if anything, and waits until all that is expected has come; or anything, if nothing is. */
export function sendExpectScript(check: CheckPolicy): Script {
  const [sent, parts] = [bytesOf(check.send), expectedParts(check.expect)];
  return function* (heard) {
    if (sent.length > 0) yield sent;
    while (heard.total === 0) yield undefined;
    for (const part of parts) while (!heard.skipPast(part)) yield undefined;
    return good("L7OK");
  };
}
