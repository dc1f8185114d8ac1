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
  readonly protocol: Protocol;
  readonly mode: Mode;
  /** What its labels say; the rest is as the flags say. */
  readonly policy: Partial<ServicePolicy>;
  /** Name of the source that yielded it. */
  readonly source: string;
  /** When the app was last configured (ms since the epoch); the older of two claims on one port wins. */
  readonly configuredAt: number;
  readonly replicas: readonly Replica[];
}

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
