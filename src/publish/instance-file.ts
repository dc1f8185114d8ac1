import { formatAddress, isHost } from "../model/address.ts";
import type { CheckKind } from "../model/check.ts";
import type { RoutedReplica, Route } from "../routing/table.ts";
import type { NamedRoute } from "./file-name.ts";
import { servingReplicas } from "../routing/app-ports.ts";

/**
 * The content of one route's file: header lines that end in CRLF, an empty one, then `host:port` per serving replica,
 * sorted, ending in LF. [mmsd: upstream-confd] `check` is the protocol of its health check, undefined for none.
 */
export function instanceFile({ route, stem }: NamedRoute, check: string | undefined): string {
  const headers = [
    `Service-Name: ${stem}`,
    `Service-Port: ${route.port}`,
    `Service-Transport-Proto: ${route.protocol}`,
    `Service-Application-Proto: ${applicationProtocol(route)}`,
    ...(check === undefined ? [] : [`Health-Check-Proto: ${check}`]),
  ];
  const lines = new Set(servingReplicas(route).map((replica) => `${place(replica)}\n`));
  return `${headers.join("\r\n")}\r\n\r\n${[...lines].toSorted().join("")}`;
}

/** Checks that speak what their service speaks. */
const spoken: ReadonlySet<string> = new Set<CheckKind>([
  "http",
  "https",
  "redis",
  "redis-master",
  "redis-slave",
  "smtp",
]);

/** As the label `proto` has it, else by what its check speaks, else what carries it. [mmsd: GetApplicationProtocol] */
function applicationProtocol({ mode, checkKind }: Route): string {
  return mode === "tcp" && checkKind !== undefined && spoken.has(checkKind) ? checkKind : mode;
}

/** By the name that its source dials it by, unless that is no name and could forge lines. */
function place({ dialName, address: { host, port } }: RoutedReplica): string {
  return formatAddress({ host: isHost(dialName) ? dialName : host, port });
}
