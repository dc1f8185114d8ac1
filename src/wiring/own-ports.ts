import type { Config } from "../config/settings.ts";
import type { Address } from "../model/address.ts";
import { serviceKey, type Protocol } from "../model/service.ts";
import { ownHosts } from "../routing/own-addresses.ts";
import { gatewayPorts } from "./gateway.ts";

/** A port of ours that no service may have. */
export interface OwnPort {
  /** `tcp/9090`. */
  readonly key: string;
  readonly use: string;
  /** IP literals that it is bound to. */
  readonly bind: readonly string[];
}

/** The ports that we listen on ourselves; `statusPort` is the one that the status port took, undefined without one. */
export function ownPorts(config: Config, statusPort: number | undefined): readonly OwnPort[] {
  const { bind, gatewayBind, statusEndpoint, apiPort, dnsPort } = config;
  const ports: OwnPort[] = [];
  if (statusPort !== undefined) {
    const status = literals(statusEndpoint?.host ?? "localhost");
    ports.push({ key: `tcp/${statusPort}`, use: "the status port", bind: status });
  }
  if (apiPort !== undefined) ports.push({ key: `tcp/${apiPort}`, use: "the service API", bind });
  for (const { port, kind } of gatewayPorts(config)) {
    const use = `the gateway's ${kind === "tls" ? "TLS" : "HTTP"} port`;
    ports.push({ key: `tcp/${port}`, use, bind: gatewayBind });
  }
  for (const protocol of config.enableDns ? ["tcp", "udp"] : []) {
    ports.push({ key: `${protocol}/${dnsPort}`, use: "our DNS server", bind });
  }
  return ports;
}

/** Tells whether an address is that of one of these ports, in whatever spelling; `names` are those of this host. */
export function ownPortsAt(
  ports: readonly OwnPort[],
  names: ReadonlySet<string>,
): (address: Address, protocol: Protocol) => boolean {
  const hosts = new Map(ports.map(({ key, bind }) => [key, ownHosts({ bind, names })]));
  return ({ host, port }, protocol) => hosts.get(serviceKey({ protocol, port }))?.(host) === true;
}

function literals(host: string): readonly string[] {
  return host === "localhost" ? ["127.0.0.1", "::1"] : [host];
}
