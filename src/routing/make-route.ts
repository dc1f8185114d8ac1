import { formatAddress, type Address } from "../model/address.ts";
import type { ServicePolicy } from "../model/policy.ts";
import type { Replica, ReplicaState } from "../model/replica.ts";
import { serviceKey, type Protocol, type Service } from "../model/service.ts";
import type { Claimed } from "./claims.ts";
import { isForbidden } from "./own-addresses.ts";
import { byKey, type Route, type RoutedReplica } from "./table.ts";

/** What is to be said of a replica: its state, why, and since when (ms since the epoch). */
export interface Standing {
  readonly state: ReplicaState;
  readonly reason: string;
  readonly since: number;
}

/** Everything that a route depends on beside who claims it. */
export interface RouteRules {
  /** Hosts that share a replica's connection limit; each gets its part, rounded up. */
  readonly groupSize: number;
  /** What applies where a service says nothing itself. */
  readonly defaultPolicy: ServicePolicy;
  /** True for an address that one of our own listeners has: it would be forwarded to itself without end. */
  readonly isOwn: (address: Address, protocol: Protocol) => boolean;
}

/** The route of a claim: replicas judged as `standingsOf` says of each service's, doubles folded, everything sorted. */
export function makeRoute(
  { service, sharers }: Claimed,
  standingsOf: (service: Service) => readonly Standing[],
  rules: RouteRules,
): Route {
  const replicas = new Map<string, RoutedReplica>();
  const all = [service, ...sharers];
  for (const routed of all.flatMap((one) => routedReplicas(one, standingsOf(one), rules))) {
    const twin = replicas.get(routed.key);
    if (twin === undefined || precedes(routed, twin)) replicas.set(routed.key, routed);
  }
  const { app, name, port, protocol, mode, source, portIndex, portName, check } = service;
  const policy = policyOf(service, rules);
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

function routedReplicas(
  { protocol, replicas }: Service,
  standings: readonly Standing[],
  rules: RouteRules,
): RoutedReplica[] {
  const isOwn = (address: Address): boolean => rules.isOwn(address, protocol);
  const routed = replicas.map((replica, index) => {
    const standing = refuse(replica.address, isOwn) ?? standings[index];
    if (standing === undefined) throw new Error(`${replica.task} was not judged`);
    return toRouted(replica, standing);
  });
  const first = replicas.reduce(
    (least, { standby = 0 }, index) => (isReady(routed[index]) ? Math.min(least, standby) : least),
    Infinity,
  );
  return routed.map((one, index) =>
    (replicas[index]?.standby ?? 0) > first ? { ...one, weight: 0 } : one,
  );
}

function isReady(routed: RoutedReplica | undefined): boolean {
  return routed !== undefined && routed.state === "up" && routed.weight > 0;
}

/** Addresses that are never dialled, whatever their source says of them. */
function refuse(address: Address, isOwn: (address: Address) => boolean): Standing | undefined {
  const refused = { state: "down", since: 0 } as const;
  if (isForbidden(address.host))
    return { ...refused, reason: "its address is link-local, multicast or reserved" };
  return isOwn(address) ? { ...refused, reason: "its address is our own listener" } : undefined;
}

function policyOf(service: Service, { defaultPolicy, groupSize }: RouteRules): ServicePolicy {
  const policy = { ...defaultPolicy, ...service.policy };
  return { ...policy, replicaLimit: Math.ceil(policy.replicaLimit / groupSize) };
}

function toRouted(
  { address, host, dialName, agent, task, weight }: Replica,
  { state, reason, since }: Standing,
): RoutedReplica {
  const named = dialName === undefined ? {} : { dialName };
  const placed = agent === undefined ? {} : { agent };
  const key = formatAddress(address);
  return { key, address, host, ...named, ...placed, task, weight, state, reason, since };
}

const rankOf = { up: 0, unknown: 1, ejected: 2, draining: 3, down: 4 } as const;

/** Two tasks on one address are one replica; the task in the better state speaks for it. */
function precedes(one: RoutedReplica, other: RoutedReplica): boolean {
  const difference = rankOf[one.state] - rankOf[other.state];
  return difference === 0 ? one.task < other.task : difference < 0;
}
