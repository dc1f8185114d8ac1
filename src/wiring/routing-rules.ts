import { gatewayPorts, hostRules } from "./gateway.ts";
import { policyOf } from "../config/policy-of.ts";
import type { Config } from "../config/settings.ts";
import type { ControllerOptions } from "../control/controller.ts";

/** What the configuration does not know of itself. */
export interface Situation {
  /** The port that the status port took; undefined without one. */
  readonly statusPort: number | undefined;
  readonly isOwnHost: (host: string) => boolean;
  /** Names of the sources, strongest first. */
  readonly sources: readonly string[];
}

/** By which rules services become routes. */
export function routingRules(
  config: Config,
  { statusPort, isOwnHost, sources }: Situation,
): ControllerOptions["rules"] {
  const { portRange, groupSize } = config;
  const reserved = new Map<string, string>();
  if (statusPort !== undefined) reserved.set(`tcp/${statusPort}`, "the status port");
  if (config.apiPort !== undefined) reserved.set(`tcp/${config.apiPort}`, "the service API");
  for (const { port, kind } of gatewayPorts(config)) {
    reserved.set(`tcp/${port}`, `the gateway's ${kind === "tls" ? "TLS" : "HTTP"} port`);
  }
  for (const protocol of config.enableDns ? ["tcp", "udp"] : []) {
    reserved.set(`${protocol}/${config.dnsPort}`, "our DNS server");
  }
  return {
    ports: {
      firstPort: portRange.first,
      lastPort: portRange.last,
      reserved,
      sources,
      mergesSources: config.mergeSources,
    },
    defaultPolicy: policyOf(config),
    groupSize,
    hosts: hostRules(config),
    isOwnHost,
  };
}
