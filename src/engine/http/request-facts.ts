import { token, wordsOf, type RawFields } from "./fields.ts";

/** A request as the parser gives it; `IncomingMessage` is one. */
export interface RawRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly rawHeaders: RawFields;
}

/** What the fields of a request say, read in one pass. */
export interface RequestFacts {
  readonly method: string;
  readonly target: string;
  /** The version was 1.1. */
  readonly isModern: boolean;
  readonly hosts: readonly string[];
  readonly contentLengths: readonly string[];
  readonly transferEncodings: readonly string[];
  /** The words of all `Connection` fields, in lower case. */
  readonly connection: readonly string[];
  readonly upgrades: readonly string[];
  readonly expects: readonly string[];
  readonly cookies: readonly string[];
  readonly forwardedFor: readonly string[];
  /** What it logs in by, at the replica or at a proxy. */
  readonly credentials: readonly string[];
  /** The client takes trailers. */
  readonly takesTrailers: boolean;
}

const none: readonly string[] = [];

const collected = {
  host: "hosts",
  "content-length": "contentLengths",
  "transfer-encoding": "transferEncodings",
  connection: "connection",
  upgrade: "upgrades",
  expect: "expects",
  cookie: "cookies",
  "x-forwarded-for": "forwardedFor",
  authorization: "credentials",
  "proxy-authorization": "credentials",
  te: "takesTrailers",
} as const;

// They are searched in turn, which is cheaper than a `Map`: that would have to hash each name first.
const names = Object.keys(collected);
const slots = Object.values(collected);

/** Reads the fields that decide how a request is forwarded. */
export function factsOf(request: RawRequest): RequestFacts {
  const { rawHeaders } = request;
  const facts = {
    method: request.method ?? "",
    target: request.url ?? "",
    isModern: request.httpVersionMajor === 1 && request.httpVersionMinor === 1,
    hosts: none,
    contentLengths: none,
    transferEncodings: none,
    connection: none,
    upgrades: none,
    expects: none,
    cookies: none,
    forwardedFor: none,
    credentials: none,
    takesTrailers: false,
  };
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const slot = slots[names.indexOf((rawHeaders[at] ?? "").toLowerCase())];
    if (slot !== undefined) note(facts, slot, rawHeaders[at + 1] ?? "");
  }
  return facts;
}

type Noted = { -readonly [Fact in keyof RequestFacts]: RequestFacts[Fact] };

function note(facts: Noted, slot: (typeof slots)[number], value: string): void {
  if (slot === "takesTrailers") facts.takesTrailers ||= wordsOf(value).includes("trailers");
  else if (slot === "connection") facts.connection = [...facts.connection, ...wordsOf(value)];
  else facts[slot] = [...facts[slot], value];
}

/** True when something follows the header section. */
export function hasBody({ contentLengths, transferEncodings }: RequestFacts): boolean {
  return transferEncodings.length > 0 || (contentLengths.length > 0 && contentLengths[0] !== "0");
}

/** True when the body comes in chunks. */
export function isChunked({ transferEncodings }: RequestFacts): boolean {
  return transferEncodings.length > 0;
}

/** True when the client waits for a word before it sends its body; a 1.0 client's wish is no wish [rfc9110 §10.1.1]. */
export function awaitsContinue(facts: RequestFacts): boolean {
  return facts.isModern && facts.expects.length > 0 && hasBody(facts);
}

const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** True when doing it twice is the same as doing it once [rfc9110 §9.2.2]. */
export function isRepeatable({ method }: RequestFacts): boolean {
  return repeatable.has(method);
}

/**
 * The protocol a request wants to change to, or undefined when it is to be served as HTTP/1.1: without `Connection:
 * upgrade`, with a body, with a choice of protocols, or with one that is HTTP or TLS itself [rfc9110 §7.8].
 */
export function upgradeOf(facts: RequestFacts): string | undefined {
  if (facts.upgrades.length === 0) return undefined;
  const [protocol, ...others] = facts.upgrades.flatMap((list) => list.split(","));
  if (protocol === undefined || others.length > 0 || !facts.isModern) return undefined;
  if (!facts.connection.includes("upgrade") || hasBody(facts)) return undefined;
  return isForeign(protocol.trim()) ? protocol.trim() : undefined;
}

/** True for the name of a protocol, with or without a version, that is not HTTP or TLS. */
function isForeign(protocol: string): boolean {
  const [name = "", version] = protocol.split("/", 2);
  if (!token.test(name) || (version !== undefined && !token.test(version))) return false;
  return !/^(?:h2c?|http|tls)$/i.test(name);
}
