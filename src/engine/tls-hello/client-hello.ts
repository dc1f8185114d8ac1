import { isIP } from "node:net";
import type { HelloFlaw } from "../../model/gateway.ts";
import { ByteCursor } from "./byte-cursor.ts";

/** What a ClientHello says of the name its client wants. */
export type HelloReading =
  /** Undefined when it names none that a host may have. */
  | { readonly kind: "hello"; readonly name: string | undefined }
  | { readonly kind: "bad"; readonly flaw: HelloFlaw };

const randomBytes = 32;
const longestSession = 32;
const longestName = 255;
const serverNameExtension = 0;
const hostNameType = 0;

const malformed: HelloReading = { kind: "bad", flaw: "malformed" };
const badName: HelloReading = { kind: "bad", flaw: "bad-name" };
const nameless: HelloReading = { kind: "hello", name: undefined };

/**
 * Reads the body of a ClientHello [rfc8446 §4.1.2, rfc6066 §3]. Lengths must meet exactly: what two readers may read as two
 * names is bad, which is another verdict than to name nobody.
 */
export function readClientHello(body: Buffer): HelloReading {
  const cursor = new ByteCursor(body);
  if (!skipFixedPart(cursor)) return malformed;
  // Before version 1.2 a client might say nothing more [rfc5246 §7.4.1.2].
  if (cursor.left === 0) return nameless;
  const extensions = cursor.vector(2);
  return extensions === undefined || cursor.left > 0 ? malformed : readExtensions(extensions);
}

/** Version, random, session, cipher suites, compressions; false when they are not as they must be. */
function skipFixedPart(cursor: ByteCursor): boolean {
  cursor.take(2 + randomBytes);
  const session = cursor.vector(1);
  const suites = cursor.vector(2);
  const compressions = cursor.vector(1);
  if (session === undefined || suites === undefined || compressions === undefined) return false;
  const hasSuites = suites.length > 0 && suites.length % 2 === 0;
  return hasSuites && session.length <= longestSession && compressions.length > 0;
}

function readExtensions(bytes: Buffer): HelloReading {
  const cursor = new ByteCursor(bytes);
  let names: Buffer | undefined;
  while (cursor.left > 0) {
    const type = cursor.number(2);
    const contents = cursor.vector(2);
    if (type === undefined || contents === undefined) return malformed;
    if (type !== serverNameExtension) continue;
    if (names !== undefined) return malformed;
    names = contents;
  }
  return names === undefined ? nameless : readNames(names);
}

function readNames(extension: Buffer): HelloReading {
  const cursor = new ByteCursor(extension);
  const list = cursor.vector(2);
  if (list === undefined || list.length === 0 || cursor.left > 0) return malformed;
  const items = new ByteCursor(list);
  let found: Buffer | undefined;
  while (items.left > 0) {
    const type = items.number(1);
    const name = items.vector(2);
    if (type === undefined || name === undefined) return malformed;
    if (type !== hostNameType) continue;
    if (found !== undefined) return malformed;
    found = name;
  }
  return found === undefined ? nameless : readName(found);
}

const hostGrammar = /^[\w-]+(?:\.[\w-]+)*\.?$/;

/** A text that no host has is nobody's; one with bytes that belong in no text, or an address, is bad. */
function readName(bytes: Buffer): HelloReading {
  if (bytes.length === 0 || bytes.length > longestName) return badName;
  if (bytes.some((byte) => byte <= 0x20 || byte >= 0x7f)) return badName;
  const written = bytes.toString("latin1").toLowerCase();
  if (isIP(written) !== 0) return badName;
  if (!hostGrammar.test(written)) return nameless;
  return { kind: "hello", name: written.endsWith(".") ? written.slice(0, -1) : written };
}
