import type { OwnOptions } from "./own-option.ts";
import { hostNames, words } from "./texts.ts";
import { choice, numberOf, onOff } from "./values.ts";

/** Where a port is offered: as which service port, to which groups, under which host names. */
export const hostOptions: OwnOptions<
  | "mode"
  | "servicePort"
  | "enabled"
  | "groups"
  | "httpHosts"
  | "httpDefault"
  | "tlsHosts"
  | "tlsDefault"
> = {
  mode: {
    option: "mode",
    reader: choice(["tcp", "http"]),
    meaning: "Bytes as they are, or request by request",
  },
  servicePort: {
    option: "service-port",
    reader: numberOf({ least: 1, most: 65_535 }),
    meaning: "Listen here in place of the declared service port; apps may share it",
  },
  enabled: {
    option: "enabled",
    reader: onOff,
    meaning: "`false` leaves the port out",
  },
  groups: {
    option: "groups",
    reader: words,
    meaning: "Only hosts that serve one of these groups (`--groups`) forward the port",
  },
  httpHosts: {
    option: "http-hosts",
    reader: hostNames,
    meaning: "Host names on the gateway's HTTP port, exact or `*.suffix`",
  },
  httpDefault: {
    option: "http-default",
    reader: onOff,
    meaning: "Take requests on the gateway's HTTP port for hosts that nobody claims",
  },
  tlsHosts: {
    option: "tls-hosts",
    reader: hostNames,
    meaning: "Server names on the gateway's TLS port, exact or `*.suffix`",
  },
  tlsDefault: {
    option: "tls-default",
    reader: onOff,
    meaning: "Take connections on the gateway's TLS port for names that nobody claims",
  },
};
