import type { Config } from "../config/settings.ts";
import { gatewayKey, type GatewayKind } from "../model/gateway.ts";
import { serviceKey } from "../model/service.ts";
import type { HostRules } from "../routing/hosts.ts";
import type { GatewayPlan } from "../workers/gateway-counters.ts";
import type { Place } from "../workers/port-sharing-lock.ts";

/** Load balancers in front of this host have private addresses [rfc1918, rfc4193], and so has this host. */
const privateNetworks = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
];

/** The ports that services share by host name; several wishes for one port are one port. */
export function gatewayPorts(config: Config): GatewayPlan["ports"] {
  const kinds = new Map<number, GatewayKind>();
  const wish = (kind: GatewayKind, port: number | undefined): void => {
    if (port !== undefined && !kinds.has(port)) kinds.set(port, kind);
  };
  if (config.vhostDomain !== undefined) wish("http", config.vhostPort);
  if (config.enableGateway) {
    wish("http", config.gatewayPortHttp);
    wish("tls", config.gatewayPortHttps);
  }
  return [...kinds].map(([port, kind]) => ({ key: gatewayKey(kind, port), kind, port }));
}

/** Where each of these ports is bound, to be locked against another portolan. */
export function gatewayPlaces(config: Config): readonly Place[] {
  return gatewayPorts(config).map(({ port }) => ({
    as: serviceKey({ protocol: "tcp", port }),
    hosts: config.gatewayBind,
  }));
}

/** What every engine is told of the gateway; undefined without one. */
export function gatewayPlan(config: Config): GatewayPlan | undefined {
  const ports = gatewayPorts(config);
  if (ports.length === 0) return undefined;
  const { proxyTrusted, proxyProtocol: acceptProxy } = config;
  return {
    bindHosts: config.gatewayBind,
    ports,
    maxConnections: config.gatewayConnections,
    acceptProxy,
    headerSources: proxyTrusted.length > 0 ? proxyTrusted : privateNetworks,
    accessLog: config.accessLog !== "off",
  };
}

/** Which host names are served, with the names that there are certificates for; undefined without a gateway. */
export function hostRules(
  config: Config,
  isCertified: (name: string) => boolean,
): HostRules | undefined {
  const { vhostDomain: domain, enableGateway: claimed } = config;
  return domain === undefined && !claimed ? undefined : { claimed, domain, isCertified };
}
