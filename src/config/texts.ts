import { isIP, isIPv6 } from "node:net";
import { isHost } from "../model/address.ts";
import { isNetwork } from "../model/network.ts";
import type { Reader } from "./reader.ts";
import { presentable, refused, textOf } from "./reader.ts";
import type { Endpoint } from "./settings.ts";

const longestPath = 4096;

/** Reads the path of a file; whether the file is there is asked later. */
export const filePath: Reader<string | undefined> = {
  takes: "value",
  accepts: "the path of a file",
  parse(raw) {
    const text = textOf(raw);
    const isPath =
      text !== undefined && text !== "" && text.length <= longestPath && !text.includes("\0");
    return isPath ? { kind: "value", value: text } : refused(raw);
  },
  format: (path) => path ?? "",
};

/** What fits the kernel's address of a socket with some digits behind it [unix(7)]. */
const longestSocketPath = 90;

/** Reads the path of a socket. */
export const socketPath: Reader<string | undefined> = {
  ...filePath,
  accepts: `the path of a socket, at most ${longestSocketPath} bytes`,
  parse(raw) {
    const read = filePath.parse(raw);
    const isLong = read.kind === "value" && Buffer.byteLength(read.value ?? "") > longestSocketPath;
    return isLong ? refused(raw) : read;
  },
};

/** Reads `host:port` where the host is an IP literal, `localhost` or nothing (every interface); empty text disables. */
export const endpoint: Reader<Endpoint | undefined> = {
  takes: "value",
  accepts: 'an address and a port, such as 127.0.0.1:9090 or [::1]:9090, or "" for none',
  parse(raw) {
    const text = textOf(raw);
    if (text === "") return { kind: "value", value: undefined };
    const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text ?? "");
    const port = Number(match?.[3]);
    const host = match === null ? undefined : hostOf(match[1], match[2]);
    return host !== undefined && port <= 65_535
      ? { kind: "value", value: Object.freeze({ host, port }) }
      : refused(raw);
  },
  format: formatEndpoint,
};

/** Reads a comma list of IP literals, with or without brackets around IPv6; each is kept once. */
export const addresses: Reader<readonly string[]> = {
  takes: "values",
  accepts: "IP addresses separated by commas, such as 127.0.0.1,::1",
  parse(raw) {
    const items = itemsOf(raw)?.map((item) => item.replace(/^\[(.*)\]$/, "$1"));
    if (items === undefined || items.length === 0) return refused(raw);
    const bad = items.filter((item) => isIP(item) === 0);
    return bad.length > 0
      ? { kind: "refused", shown: bad.map(presentable) }
      : { kind: "value", value: Object.freeze([...new Set(items)]) };
  },
  format: (list) => list.join(","),
};

/** Reads a comma list of addresses and networks, which may be empty; each is kept once. */
export const networks: Reader<readonly string[]> = listOf(
  "addresses and networks separated by commas, such as 10.0.0.0/8,2001:db8::1",
  isNetwork,
);

/** Reads a comma list of host names and addresses, which may be empty; each is kept once. */
export const hosts: Reader<readonly string[]> = listOf(
  "host names and addresses separated by commas, such as agent-7,10.0.0.7",
  isHost,
);

/** Reads a comma list of names, of which `*` is one; each is kept once. */
export const names: Reader<readonly string[]> = listOf(
  "names separated by commas, or * for all",
  (item) => /^(?:\*|[\w.-]{1,100})$/.test(item),
);

/** Reads a comma list of tags as they stand; each is kept once. */
export const tags: Reader<readonly string[]> = listOf(
  "tags of visible characters separated by commas",
  (item) => /^[\u0021-\u007E]{1,255}$/.test(item),
);

/** Reads a host name or an address. */
export const host: Reader<string | undefined> = matching("a host name or address", isHost);

/** Reads a text of one kind; `isGood` says which. An option without a default shows nothing. */
export function matching(accepts: string, isGood: (text: string) => boolean): Reader<string> {
  return {
    takes: "value",
    accepts,
    parse(raw) {
      const text = textOf(raw);
      return text !== undefined && isGood(text) ? { kind: "value", value: text } : refused(raw);
    },
    format: (text: string | undefined) => text ?? "",
  };
}

/** Reads a domain that names may end in; kept in lower case, without dots around it. */
export const domainName: Reader<string | undefined> = {
  takes: "value",
  accepts: "a domain name, such as app.example.com",
  parse(raw) {
    const domain = textOf(raw)
      ?.toLowerCase()
      .replace(/^\.|\.$/g, "");
    const isDomain = /^(?=.{1,200}$)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(domain ?? "");
    return isDomain ? { kind: "value", value: domain } : refused(raw);
  },
  format: (domain) => domain ?? "",
};

const mostWords = 100;

/** Reads a program and its arguments: words, or a list of them, in which spaces stay; nothing in it is expanded. */
export const commandLine: Reader<readonly string[]> = {
  takes: "value",
  accepts: "a program and its arguments",
  parse(raw) {
    const given: readonly unknown[] = Array.isArray(raw)
      ? raw
      : (textOf(raw)?.split(/\s+/) ?? [raw]);
    const words = given.filter((word) => typeof word === "string" && !word.includes("\0"));
    return words.length === given.length && words.length <= mostWords && words[0] !== ""
      ? { kind: "value", value: Object.freeze(words.map(String)) }
      : refused(raw);
  },
  format: (words) => words.join(" "),
};

/** Reads a comma list of http and https URLs, which may carry userinfo and a path but no query; each is kept once. */
export const urls: Reader<readonly URL[]> = {
  takes: "values",
  accepts: "http:// or https:// URLs separated by commas, such as http://m1:8080,http://m2:8080",
  parse(raw) {
    const items = itemsOf(raw);
    if (items === undefined) return refused(raw);
    const found = new Map<string, URL>();
    const bad: string[] = [];
    for (const item of items) {
      const url = httpUrl(item);
      if (url === undefined) bad.push(presentableUrl(item, items));
      else found.set(url.href, url);
    }
    return bad.length > 0
      ? { kind: "refused", shown: bad }
      : { kind: "value", value: Object.freeze([...found.values()]) };
  },
  format: (list) => list.map(withoutUserinfo).join(","),
};

/** Reads a comma list of texts of one kind, which may be empty; each is kept once. */
export function listOf(
  accepts: string,
  isGood: (item: string) => boolean,
): Reader<readonly string[]> {
  return {
    takes: "values",
    accepts,
    parse(raw) {
      const items = itemsOf(raw);
      if (items === undefined) return refused(raw);
      const bad = items.filter((item) => !isGood(item));
      return bad.length > 0
        ? { kind: "refused", shown: bad.map(presentable) }
        : { kind: "value", value: Object.freeze([...new Set(items)]) };
    },
    format: (list) => list.join(","),
  };
}

function hostOf(bracketed: string | undefined, plain: string | undefined): string | undefined {
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : undefined;
  if (plain === "" || plain === undefined) return "0.0.0.0";
  return plain === "localhost" || isIP(plain) !== 0 ? plain : undefined;
}

/** `host:port` with brackets around IPv6, or nothing for none. */
function formatEndpoint(value: Endpoint | undefined): string {
  if (value === undefined) return "";
  return isIPv6(value.host) ? `[${value.host}]:${value.port}` : `${value.host}:${value.port}`;
}

/** Splits text at commas and flattens a list of texts; empty items vanish. Undefined when an item is not text. */
function itemsOf(raw: unknown): readonly string[] | undefined {
  const texts: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const items: string[] = [];
  for (const text of texts) {
    if (typeof text !== "string") return undefined;
    items.push(...text.split(",").map((item) => item.trim()));
  }
  return items.filter((item) => item !== "");
}

function httpUrl(text: string): URL | undefined {
  // `new URL` also takes `http:host` and `http:/host`, which nobody means.
  if (!/^https?:\/\/[^/]/i.test(text)) return undefined;
  const url = URL.parse(text);
  return url === null || url.hostname === "" || url.search !== "" || url.hash !== ""
    ? undefined
    : url;
}

/** A password with a comma in it falls apart into items of which only the last has the `@` that would mask it. */
function presentableUrl(item: string, items: readonly string[]): string {
  const isWhole = item.includes("@") || !items.some((other) => other.includes("@"));
  return isWhole ? presentable(item) : `"${/^https?:\/\//i.exec(item)?.[0] ?? ""}***"`;
}

function withoutUserinfo(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}
