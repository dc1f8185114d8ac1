import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/** What is asked by monitoring, under names that we cannot know. */
const monitored: ReadonlySet<string> = new Set([
  "/status",
  "/ready",
  "/ping",
  "/healthz",
  "/version",
  "/metrics",
]);

/** The service API: scripts that mmsd answered know the host by whatever name they like. */
const scripted = "/v1/";

/**
 * False for a request that a foreign web page may have made through a name of its own that points here (DNS
 * rebinding): addresses, names without a dot and this host's own names are ours. Programs that are no browsers may ask
 * the monitoring paths and the service API under any name.
 */
export function isMeantForUs(
  path: string,
  { host, "user-agent": agent = "" }: IncomingHttpHeaders,
  ownNames: ReadonlySet<string> = new Set(),
): boolean {
  if (host === undefined || isOwnName(nameIn(host), ownNames)) return true;
  const isAskedByAnyName = monitored.has(path) || path.startsWith(scripted);
  return isAskedByAnyName && !agent.startsWith("Mozilla/");
}

/** The host of `host:port` or `[v6]:port`, in lower case, without the dot at its end. */
function nameIn(host: string): string {
  const [, bracketed, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host) ?? [];
  return (bracketed ?? name).toLowerCase().replace(/\.$/, "");
}

function isOwnName(name: string, ownNames: ReadonlySet<string>): boolean {
  if (isIP(name) !== 0 || name.endsWith(".localhost")) return true;
  // A name without a dot is not one that strangers can own.
  return (/^[\w-]+$/.test(name) && !name.includes(".")) || ownNames.has(name);
}
