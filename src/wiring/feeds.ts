import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Config } from "../config/settings.ts";
import type { Feed } from "../control/controller.ts";
import { ConsulSource } from "../discovery/consul/consul-source.ts";
import { DnsSource } from "../discovery/dns/dns-source.ts";
import { parseSrvName, type SrvName } from "../discovery/dns/srv-records.ts";
import { DockerSource } from "../discovery/docker/docker-source.ts";
import { FileSource } from "../discovery/file/file-source.ts";
import { MarathonSource } from "../discovery/marathon/marathon-source.ts";
import type { Pem } from "../discovery/renewed-agent.ts";
import { RegistratorSource } from "../discovery/registrator/registrator-source.ts";
import { resolveHosts, type ResolveHostsOptions } from "../discovery/resolve-hosts.ts";
import type { Source, SourceState } from "../discovery/source.ts";
import { formatAddress } from "../model/address.ts";
import type { Logger } from "../model/logger.ts";
import type { Protocol } from "../model/service.ts";

/** What every source is given beside its own settings. */
export interface Surroundings {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: () => number;
  readonly random: () => number;
}

type MakeSource = (surroundings: Surroundings) => Source | undefined;

/** How each source is made; undefined when it is not configured. */
const makers: Readonly<Record<Config["sourcePriority"][number], MakeSource>> = {
  marathon: makeMarathon,
  registrator: ({ config: { registrator: url, refreshIntervalMs }, ...rest }) =>
    url === undefined ? undefined : new RegistratorSource({ url, refreshIntervalMs, ...rest }),
  consul: makeConsul,
  file: ({ config: { file: path, groups }, ...rest }) =>
    path === undefined ? undefined : new FileSource({ path, groups, ...rest }),
  dns: makeDns,
  docker: ({ config: { docker: url, hostNames, groups, refreshIntervalMs }, ...rest }) => {
    const host = hostNames[0] ?? hostname();
    return url === undefined
      ? undefined
      : new DockerSource({ url, host, groups, refreshIntervalMs, ...rest });
  },
};

function makeDns({ config, ...rest }: Surroundings): Source | undefined {
  const { dnsSrv, dnsSrvServers: servers, refreshIntervalMs } = config;
  const names = dnsSrv.map(toSrvName);
  if (names.length === 0) return undefined;
  const own = servers.length === 0 ? {} : { servers };
  return new DnsSource({ names, ...own, refreshIntervalMs, ...rest });
}

/** The option takes nothing else; if it did, the source would be without a name that was asked for. */
function toSrvName(text: string): SrvName {
  const name = parseSrvName(text);
  if (name === undefined) throw new TypeError(`dns source: ${text} is no name=port`);
  return name;
}

/** One feed per source that is configured, the strongest first; `names` says how long it waits for those of hosts. Throws when a file that it needs cannot be read. */
export function makeFeeds(surroundings: Surroundings, names: ResolveHostsOptions = {}): Feed[] {
  const { sourcePriority, enableTcp: tcp, enableUdp: udp } = surroundings.config;
  const made = sourcePriority.map((name) => makers[name](surroundings));
  return made
    .filter((source) => source !== undefined)
    .map((source): Feed => {
      const run: Source["run"] =
        tcp && udp
          ? (signal) => source.run(signal)
          : (signal) => ofProtocols(source.run(signal), { tcp, udp });
      return { source, states: (signal) => resolveHosts(run(signal), names, signal) };
    });
}

function makeMarathon({ config, logger, clock, random }: Surroundings): Source | undefined {
  const { marathon, marathonHost: host, marathonPort: port } = config;
  const single = host === undefined ? [] : [new URL(`http://${formatAddress({ host, port })}`)];
  const endpoints = [...marathon, ...single];
  if (endpoints.length === 0) return undefined;
  return new MarathonSource({
    endpoints,
    authFile: config.marathonAuthFile,
    ca: pem(config.marathonCa),
    certificate: pem(config.marathonCert),
    key: pem(config.marathonKey),
    groups: config.groups,
    exposeHost: config.exposeHost,
    pods: config.pods,
    refreshIntervalMs: config.refreshIntervalMs,
    clock,
    random,
    logger,
  });
}

function makeConsul({ config, ...rest }: Surroundings): Source | undefined {
  const { consul, consulTokenFile, consulDatacenter, refreshIntervalMs } = config;
  if (consul === undefined) return undefined;
  return new ConsulSource({
    url: new URL(consul),
    tokenFile: consulTokenFile,
    ca: pem(config.consulCa),
    certificate: pem(config.consulCert),
    key: pem(config.consulKey),
    datacenter: consulDatacenter,
    tags: config.consulTags,
    stale: config.consulStale,
    warning: config.consulWarning,
    groups: config.groups,
    refreshIntervalMs,
    ...rest,
  });
}

/** A file that is read again when it changes; one that cannot be read now ends the start. */
function pem(path: string | undefined): Pem | undefined {
  if (path === undefined) return undefined;
  readFileSync(path);
  return { file: path };
}

/** The same states without services of protocols that are switched off. */
async function* ofProtocols(
  states: AsyncIterable<SourceState>,
  isOn: Readonly<Record<Protocol, boolean>>,
): AsyncGenerator<SourceState, void, void> {
  for await (const state of states) {
    yield { ...state, services: state.services.filter(({ protocol }) => isOn[protocol]) };
  }
}
