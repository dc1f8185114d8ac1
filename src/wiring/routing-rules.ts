import { hostRules } from "./gateway.ts";
import { ownPorts, ownPortsAt } from "./own-ports.ts";
import { policyOf } from "../config/policy-of.ts";
import type { Config } from "../config/settings.ts";
import type { ControllerOptions } from "../control/controller.ts";
import { ownHosts } from "../routing/own-addresses.ts";

/** What the configuration does not know of itself. */
export interface Situation {
  /** The port that the status port took; undefined without one. */
  readonly statusPort: number | undefined;
  /** Names and addresses of this host. */
  readonly names: ReadonlySet<string>;
  /** Names of the sources, strongest first. */
  readonly sources: readonly string[];
  /** True for a host name, exact or `*.suffix`, that there is a certificate for. */
  readonly isCertified: (name: string) => boolean;
}

/** By which rules services become routes. */
export function routingRules(
  config: Config,
  { statusPort, names, sources, isCertified }: Situation,
): ControllerOptions["rules"] {
  const { portRange, groupSize, bind } = config;
  const own = ownPorts(config, statusPort);
  return {
    ports: {
      firstPort: portRange.first,
      lastPort: portRange.last,
      reserved: new Map(own.map(({ key, use }) => [key, use])),
      sources,
      mergesSources: config.mergeSources,
    },
    defaultPolicy: policyOf(config),
    groupSize,
    hosts: hostRules(config, isCertified),
    isOwnHost: ownHosts({ bind, names }),
    isOwnPort: ownPortsAt(own, names),
  };
}
