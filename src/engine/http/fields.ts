/** Header fields as they came: name, value, name, value, …, in order and with duplicates, as in `rawHeaders`. */
export type RawFields = readonly string[];

/** A field name or another bare word of the protocol [rfc9110 §5.6.2]. */
export const token: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What a `Connection` field may name and yet not take away: without them the message would mean something else. */
const kept: ReadonlySet<string> = new Set(["host", "content-length", "trailer", "date"]);

/**
 * True for fields that speak of one connection and end at it, whether `Connection` names them or not [rfc9110 §7.6.1].
 * Comparing is cheaper than a `Set`: that has to hash each name first.
 */
function isHopByHop(name: string): boolean {
  switch (name) {
    case "connection":
    case "proxy-connection":
    case "keep-alive":
    case "te":
    case "transfer-encoding":
    case "upgrade":
    case "http2-settings":
      return true;
    default:
      return false;
  }
}

/** True when a field of this lower-case name ends here; `named` is what `Connection` says, in lower case. */
export function endsHere(name: string, named: readonly string[]): boolean {
  if (isHopByHop(name)) return true;
  return named.length > 0 && named.includes(name) && !kept.has(name);
}

/**
 * True for a field, named in lower case, that tells where a request comes from: whoever reads it acts on it, so it is passed on
 * only for those who are believed.
 */
export function tellsOrigin(name: string): boolean {
  return name === "forwarded" || name === "x-real-ip" || name.startsWith("x-forwarded-");
}

/** True where it is written with `_`, which many applications read as the same: nobody needs to, but for getting past a proxy. */
export function disguisesOrigin(name: string): boolean {
  return name.includes("_") && tellsOrigin(name.replaceAll("_", "-"));
}

/** The words of a comma-separated list, in lower case and without the empty ones. */
export function wordsOf(list: string): string[] {
  const words: string[] = [];
  for (const part of list.split(",")) {
    const word = part.trim().toLowerCase();
    if (word !== "") words.push(word);
  }
  return words;
}

/** Fields that must not come after a body: they frame, route or grant, and would be believed too late [rfc9110 §6.5.1]. */
const neverTrailing: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-encoding",
  "content-type",
  "content-range",
  "trailer",
  "authorization",
  "cookie",
  "set-cookie",
  "cache-control",
  "expect",
  "range",
]);

/** The trailer fields that may go on. */
export function trailersOf(raw: RawFields): string[] {
  const passed: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (mayTrail(name.toLowerCase())) passed.push(name, raw[at + 1] ?? "");
  }
  return passed;
}

function mayTrail(name: string): boolean {
  return (
    !isHopByHop(name) && !neverTrailing.has(name) && !tellsOrigin(name) && !disguisesOrigin(name)
  );
}

/** Fields as they are written on the wire. */
export function formatFields(fields: RawFields): string {
  let text = "";
  for (let at = 0; at + 1 < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return text;
}
