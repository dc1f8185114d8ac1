import type { CheckPolicy } from "./check.ts";
import type { HostClaims } from "./host-claims.ts";
import type { ServicePolicy } from "./policy.ts";
import type { Replica } from "./replica.ts";

/** What a listener speaks on the wire. */
export type Protocol = "tcp" | "udp";

/** How a listener treats the bytes: copied as they are, request by request, or datagram by datagram. */
export type Mode = "tcp" | "http" | "udp";

/** One service port of one app, with the replicas its source knows, as a source yields it. */
export interface Service {
  /** The app's id in its source, `/demo/webapp`. */
  readonly app: string;
  /** The app's path reversed and joined by dots, `webapp.demo`. */
  readonly name: string;
  /** The service port, 1–65535. */
  readonly port: number;
  /** Its place among the ports its app declares, from 0; absent where its source has no such order. */
  readonly portIndex?: number;
  /** The name its app gave the port. */
  readonly portName?: string | undefined;
  /** The service port was chosen by a label, so that several apps may share it. */
  readonly merges: boolean;
  readonly protocol: Protocol;
  readonly mode: Mode;
  /** What its labels say; the rest is as the flags say. */
  readonly policy: Partial<ServicePolicy>;
  /** What its labels and its source say of how its replicas are checked. */
  readonly check: CheckWish;
  /** The host names under which the gateway serves it; undefined for none. */
  readonly hosts: HostClaims | undefined;
  /** Name of the source that yielded it. */
  readonly source: string;
  /** When the app was last configured (ms since the epoch); the older of two claims on one port wins. */
  readonly configuredAt: number;
  readonly replicas: readonly Replica[];
  /** Names of replicas that are not among these are still asked for, for the first time. */
  readonly isAwaited?: boolean;
}

/** How a service wants to be checked, and who said so: a label, the source's own check. */
export type CheckWish = {
  readonly [K in keyof CheckPolicy]?: { readonly value: CheckPolicy[K]; readonly from: string };
};

/** The reversed path of an app: `/product/system/service` → `service.system.product`. */
export function serviceName(app: string): string {
  return app
    .split("/")
    .filter((part) => part !== "")
    .toReversed()
    .join(".");
}

/** What identifies a listener: `tcp/1234`. */
export function serviceKey(service: Pick<Service, "protocol" | "port">): string {
  return `${service.protocol}/${service.port}`;
}
