import { Networks } from "../access.ts";
import { HttpFront } from "../http/http-front.ts";
import type { Accepted, Refusal } from "../http/refusal.ts";
import type { EntranceOptions } from "./entrance.ts";
import type { GatewayClients } from "./gateway-clients.ts";

/** What load balancers ask, whatever host they name [proxymatic: nginx.tpl]. */
const statusPath = "/_status";

const works: Refusal = { status: 200, reason: "OK" };
const unknownHost: Refusal = { status: 503, reason: "unknown-host" };

/** The HTTP side of a gateway port: requests find their service by host, at a cost that does not grow with the hosts. */
export function makeFront(
  clients: GatewayClients,
  { hosts, tally, engine }: EntranceOptions,
  { isSecure }: { readonly isSecure: boolean },
): HttpFront {
  const trusted = new Networks(engine.proxyTrusted);
  return new HttpFront({
    service: clients,
    requests: engine.requests,
    isSecure,
    // Those whose PROXY headers are read are not the clients; what clients say of others is another matter.
    believes: (client) => trusted.has(client),
    routeFor: (host) => hosts.http(host?.name)?.requestRoute,
    unclaimed: (request) => {
      if (isStatusQuestion(request)) return works;
      tally.note("unknown-host");
      return unknownHost;
    },
  });
}

function isStatusQuestion({ target }: Accepted): boolean {
  return target === statusPath || target.startsWith(`${statusPath}?`);
}
