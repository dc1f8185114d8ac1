import { formatAddress, type Address } from "../model/address.ts";
import type { Problem } from "../model/problem.ts";
import type { ServicePolicy } from "../model/policy.ts";
import type { Replica, ReplicaState } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";
import { settleClaims, type Claimed, type PortPolicy } from "./claims.ts";
import { settleHosts, type HostRules } from "./hosts.ts";
import { isForbidden } from "./own-addresses.ts";
import { byKey, type Route, type RoutedReplica } from "./table.ts";

/** What is to be said of a replica: its state, why, and since when (ms since the epoch). */
interface Standing {
  readonly state: ReplicaState;
  readonly reason: string;
  readonly since: number;
}

export interface BuildInput {
  readonly services: readonly Service[];
  /** The judgement on each replica; it has one for every replica of `services`. */
  readonly standingOf: (replica: Replica) => Standing;
  /** The routes now served, so that an app keeps the port it has. */
  readonly incumbents: readonly Route[];
  readonly ports: PortPolicy;
  /** Hosts that share a replica's connection limit; each gets its part, rounded up. */
  readonly groupSize: number;
  /** True for an IP literal that service ports are bound to. */
  readonly isOwnHost: (host: string) => boolean;
  /** What applies where a service says nothing itself. */
  readonly defaultPolicy: ServicePolicy;
  /** Which host names the gateway serves; absent where there is none. */
  readonly hosts?: HostRules | undefined;
}

export interface Built {
  readonly routes: readonly Route[];
  readonly problems: readonly Problem[];
}

/** Turns what sources say into routes: claims settled, replicas judged, doubles folded, everything sorted. */
export function buildRoutes(input: BuildInput): Built {
  const { claims, problems } = settleClaims(input.services, input.incumbents, input.ports);
  const hosts =
    input.hosts === undefined ? undefined : settleHosts(claims, input.incumbents, input.hosts);
  const listening = new Set(claims.map(({ service }) => serviceKey(service)));
  const routes = claims.map((claimed) => {
    const { protocol } = claimed.service;
    // A replica that is our own listener would be forwarded to itself without end.
    const isOwn = ({ host, port }: Address): boolean =>
      listening.has(serviceKey({ protocol, port })) && input.isOwnHost(host);
    const route = toRoute(claimed, input, isOwn);
    const names = hosts?.byKey.get(route.key);
    return names === undefined ? route : { ...route, hosts: names };
  });
  return { routes, problems: [...problems, ...(hosts?.problems ?? [])] };
}

function toRoute(
  { service, sharers }: Claimed,
  input: BuildInput,
  isOwn: (address: Address) => boolean,
): Route {
  const replicas = new Map<string, RoutedReplica>();
  for (const replica of [service, ...sharers].flatMap((one) => one.replicas)) {
    const refusal = refuse(replica.address, isOwn);
    const standing = refusal ?? input.standingOf(replica);
    const routed = toRouted(replica, standing);
    const twin = replicas.get(routed.key);
    if (twin === undefined || precedes(routed, twin)) replicas.set(routed.key, routed);
  }
  const { app, name, port, protocol, mode, source, portIndex, portName, check } = service;
  const policy = policyOf(service, input);
  const sorted = [...replicas.values()].toSorted(byKey);
  const key = serviceKey(service);
  const route: Route = {
    key,
    app,
    name,
    port,
    protocol,
    mode,
    policy,
    source,
    ...(portIndex === undefined ? {} : { portIndex }),
    ...(portName === undefined ? {} : { portName }),
    ...(check.kind === undefined ? {} : { checkKind: check.kind.value }),
    replicas: sorted,
  };
  return sharers.length === 0 ? route : { ...route, sharers: sharers.map((one) => one.app) };
}

/** Addresses that are never dialled, whatever their source says of them. */
function refuse(address: Address, isOwn: (address: Address) => boolean): Standing | undefined {
  const refused = { state: "down", since: 0 } as const;
  if (isForbidden(address.host))
    return { ...refused, reason: "its address is link-local, multicast or reserved" };
  return isOwn(address) ? { ...refused, reason: "its address is our own listener" } : undefined;
}

function policyOf(service: Service, { defaultPolicy, groupSize }: BuildInput): ServicePolicy {
  const policy = { ...defaultPolicy, ...service.policy };
  return { ...policy, replicaLimit: Math.ceil(policy.replicaLimit / groupSize) };
}

function toRouted({ address, host, task, weight }: Replica, standing: Standing): RoutedReplica {
  return { key: formatAddress(address), address, host, task, weight, ...standing };
}

const rankOf = { up: 0, unknown: 1, ejected: 2, draining: 3, down: 4 } as const;

/** Two tasks on one address are one replica; the task in the better state speaks for it. */
function precedes(one: RoutedReplica, other: RoutedReplica): boolean {
  const difference = rankOf[one.state] - rankOf[other.state];
  return difference === 0 ? one.task < other.task : difference < 0;
}
