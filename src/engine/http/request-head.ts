import { formatAddress } from "../../model/address.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import { disguisesOrigin, endsHere, tellsOrigin, type RawFields } from "./fields.ts";
import type { Accepted } from "./refusal.ts";
import { awaitsContinue, isChunked, upgradeOf, type RequestFacts } from "./request-facts.ts";

/** What the head of a forwarded request is made from. */
export interface Forwarding {
  readonly facts: RequestFacts;
  readonly message: { readonly rawHeaders: RawFields };
  readonly accepted: Accepted;
  /** The client, and the address of ours it came to. */
  readonly ends: Endpoints;
  /** What the client says of those before it is believed. */
  readonly isBelieved: boolean;
  /** It came by TLS, which ends here. */
  readonly isSecure: boolean;
  /** What this proxy is called in `Via`; empty for no such field. */
  readonly via: string;
  /** The replica is asked to keep the connection. */
  readonly keepsAlive: boolean;
}

/** Fields that are written anew, so that there is one of each and it is what was judged. */
const rewritten: ReadonlySet<string> = new Set(["host", "x-forwarded-for", "expect"]);

/**
 * The head that a replica gets, in version 1.1: the client's fields in their order, without those that end here, then
 * those that tell where the request comes from. A client that is not believed has its own such fields taken out.
 */
export function formatRequestHead(forwarding: Forwarding): string {
  const { facts, accepted, ends, isBelieved } = forwarding;
  const { rawHeaders: fields } = forwarding.message;
  const host = accepted.hostText ?? formatAddress(ends.destination);
  let head = `${facts.method} ${accepted.target} HTTP/1.1\r\nHost: ${host}\r\n`;
  const seen = new Set<string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = (fields[at] ?? "").toLowerCase();
    if (rewritten.has(name) || endsHere(name, without(facts.connection, isBelieved))) continue;
    if (disguisesOrigin(name)) continue;
    if (tellsOrigin(name)) {
      if (!isBelieved) continue;
      seen.add(name);
    }
    head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  }
  return `${head}${provenance(forwarding, host, seen)}${connectionFields(forwarding)}\r\n`;
}

/** What is believed of others' fields cannot be taken away by naming it in `Connection`. */
function without(named: readonly string[], isBelieved: boolean): readonly string[] {
  if (!isBelieved || named.length === 0) return named;
  return named.filter((name) => !tellsOrigin(name));
}

function provenance(
  { facts, ends, isBelieved, isSecure, via }: Forwarding,
  host: string,
  seen: ReadonlySet<string>,
): string {
  const before = isBelieved ? facts.forwardedFor.filter((list) => list.trim() !== "") : [];
  let text = `X-Forwarded-For: ${[...before, ends.source.host].join(", ")}\r\n`;
  if (!seen.has("x-forwarded-proto")) {
    text += `X-Forwarded-Proto: ${isSecure ? "https" : "http"}\r\n`;
  }
  if (!seen.has("x-forwarded-host")) text += `X-Forwarded-Host: ${host}\r\n`;
  if (!seen.has("x-forwarded-port")) text += `X-Forwarded-Port: ${ends.destination.port}\r\n`;
  // [rfc9110 §7.6.3] A field of its own goes on with the list of those before it.
  if (via !== "") text += `Via: ${facts.isModern ? "1.1" : "1.0"} ${via}\r\n`;
  return text;
}

function connectionFields({ facts, keepsAlive }: Forwarding): string {
  let text = "";
  if (isChunked(facts)) text += "Transfer-Encoding: chunked\r\n";
  if (awaitsContinue(facts)) text += "Expect: 100-continue\r\n";
  const upgrade = upgradeOf(facts);
  if (upgrade !== undefined) return `${text}Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  const options = [];
  if (facts.takesTrailers) {
    text += "TE: trailers\r\n";
    options.push("TE");
  }
  if (!keepsAlive) options.push("close");
  return options.length === 0 ? text : `${text}Connection: ${options.join(", ")}\r\n`;
}
