import { formatAddress } from "../../model/address.ts";
import type { EngineRoute } from "../route.ts";
import { disguisesOrigin, endsHere, tellsOrigin, type RawFields } from "./fields.ts";
import type { Origin } from "./inbound.ts";
import type { Accepted } from "./refusal.ts";
import { awaitsContinue, isChunked, upgradeOf, type RequestFacts } from "./request-facts.ts";

/** What the head of a forwarded request is made from. */
export interface Forwarded {
  readonly facts: RequestFacts;
  readonly message: { readonly rawHeaders: RawFields };
  readonly accepted: Accepted;
  readonly origin: Pick<Origin, "ends" | "isBelieved" | "isSecure">;
}

/** What its service wants it to say: what this proxy is called in `Via`, and whether the replica is to keep the connection. */
export type Manner = Pick<EngineRoute["policy"], "via" | "httpReuse">;

/** Fields that are written anew, so that there is one of each and it is what was judged. */
function isRewritten(name: string): boolean {
  return name === "host" || name === "x-forwarded-for" || name === "expect";
}

/**
 * The head that a replica gets, in version 1.1: the client's fields in their order, without those that end here, then
 * those that tell where the request comes from. A client that is not believed has its own such fields taken out.
 */
export function formatRequestHead(request: Forwarded, manner: Manner): string {
  const { facts, accepted, origin } = request;
  const { ends, isBelieved } = origin;
  const { rawHeaders: fields } = request.message;
  const named = without(facts.connection, isBelieved);
  const host = accepted.hostText ?? formatAddress(ends.destination);
  let head = `${facts.method} ${accepted.target} HTTP/1.1\r\nHost: ${host}\r\n`;
  const seen: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = (fields[at] ?? "").toLowerCase();
    if (isRewritten(name) || endsHere(name, named)) continue;
    if (disguisesOrigin(name)) continue;
    if (tellsOrigin(name)) {
      if (!isBelieved) continue;
      seen.push(name);
    }
    head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  }
  return `${head}${provenance(request, host, seen)}${ownFields(facts, manner)}\r\n`;
}

/** What is believed of others' fields cannot be taken away by naming it in `Connection`. */
function without(named: readonly string[], isBelieved: boolean): readonly string[] {
  if (!isBelieved || named.length === 0) return named;
  return named.filter((name) => !tellsOrigin(name));
}

/** Where it comes from, beside what was `seen` of it already. */
function provenance({ facts, origin }: Forwarded, host: string, seen: readonly string[]): string {
  const { ends, isBelieved, isSecure } = origin;
  let text = "X-Forwarded-For: ";
  if (isBelieved) {
    for (const list of facts.forwardedFor) if (list.trim() !== "") text += `${list}, `;
  }
  text += `${ends.source.host}\r\n`;
  if (!seen.includes("x-forwarded-proto")) {
    text += `X-Forwarded-Proto: ${isSecure ? "https" : "http"}\r\n`;
  }
  if (!seen.includes("x-forwarded-host")) text += `X-Forwarded-Host: ${host}\r\n`;
  if (!seen.includes("x-forwarded-port")) text += `X-Forwarded-Port: ${ends.destination.port}\r\n`;
  return text;
}

function ownFields(facts: RequestFacts, { via, httpReuse }: Manner): string {
  let text = "";
  // [rfc9110 §7.6.3] A field of its own goes on with the list of those before it.
  if (via !== "") text += `Via: ${facts.isModern ? "1.1" : "1.0"} ${via}\r\n`;
  if (isChunked(facts)) text += "Transfer-Encoding: chunked\r\n";
  if (awaitsContinue(facts)) text += "Expect: 100-continue\r\n";
  const upgrade = upgradeOf(facts);
  if (upgrade !== undefined) return `${text}Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  const options = [];
  if (facts.takesTrailers) {
    text += "TE: trailers\r\n";
    options.push("TE");
  }
  if (httpReuse !== "keep-alive") options.push("close");
  return options.length === 0 ? text : `${text}Connection: ${options.join(", ")}\r\n`;
}
