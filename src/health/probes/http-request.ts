import { isIP } from "node:net";
import { formatAddress, isHost, type Address } from "../../model/address.ts";
import type { CheckPolicy } from "../../model/check.ts";

// All that may stand in a path with a query, and `%`, since a path may have been encoded before [rfc3986 §3.3].
const foreignBytes = /[^\w.~:/?@!$&'()*+,;=%-]/g;
const hostGrammar = /^[\w.-]+(?::\d{1,5})?$/;

/** The request of an http probe, complete. Nothing in the policy can add a line or a header to it. */
export function httpRequest(check: CheckPolicy, address: Address): Buffer {
  const lines = [
    `GET ${requestTarget(check.path)} HTTP/1.1`,
    `Host: ${hostGrammar.test(check.host) ? check.host : formatAddress(address)}`,
    "User-Agent: portolan-healthcheck",
    "Accept: */*",
    "Connection: close",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** The name to ask a TLS replica for; undefined where the policy names none, since an address is none [rfc6066 §3]. */
export function serverNameOf({ host }: CheckPolicy): string | undefined {
  const name = host.replace(/:\d+$/, "");
  return isHost(name) && isIP(name) === 0 ? name : undefined;
}

function requestTarget(path: string): string {
  const bytes = Buffer.from(path.startsWith("/") ? path : `/${path}`, "utf8").toString("latin1");
  return bytes.replaceAll(foreignBytes, percentEncoded);
}

function percentEncoded(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
