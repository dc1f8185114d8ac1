import type { Roster } from "../roster.ts";
import type { HttpHost } from "./http-host.ts";
import type { HttpRoute, RequestGuest } from "./http-route.ts";
import type { Accepted, Refusal } from "./refusal.ts";

/** Where a request goes: to a service, or nowhere, with our own answer. */
export type Addressee =
  | {
      readonly kind: "service";
      readonly service: HttpRoute;
      /** Where the service finds it; none on its own port, whose connections are told what becomes of replicas. */
      readonly guests: Roster<RequestGuest> | undefined;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Finds the service for a request of this client; each lets in whom it wants, whatever port it is asked on. */
export function addresseeOf(request: Accepted, client: string, host: HttpHost): Addressee {
  const service = host.routeFor(request.host);
  if (service === undefined) return { kind: "refused", refusal: host.unclaimed(request) };
  const { admits, guests } = service.host;
  if (admits !== undefined && !admits(client)) {
    return { kind: "refused", refusal: { status: 403, reason: "denied" } };
  }
  const port: object = host.service;
  return { kind: "service", service, guests: port === service.host ? undefined : guests };
}
