import { printable, type Problem } from "../model/problem.ts";
import { serviceKey, type Service } from "../model/service.ts";
import type { Route } from "./table.ts";

/** What apps may claim: ports in the range, less those the proxy uses itself. */
export interface PortPolicy {
  readonly firstPort: number;
  readonly lastPort: number;
  /** Service keys that are refused (`tcp/9090`), each with what it is used for. */
  readonly reserved: ReadonlyMap<string, string>;
  /** Names of sources, strongest first: of two claims on a port, that of the stronger source wins. */
  readonly sources: readonly string[];
  /** True lets the claims of different sources on one port share it. */
  readonly mergesSources: boolean;
}

/** A service with the port it claimed, and whoever shares it. */
export interface Claimed {
  readonly service: Service;
  /** Claims of others whose replicas serve the same port, in the order of their apps. */
  readonly sharers: readonly Service[];
}

export interface Settled {
  /** At most one per key, sorted by port, then protocol. */
  readonly claims: readonly Claimed[];
  readonly problems: readonly Problem[];
}

/**
 * Decides which app gets a service port. The stronger source wins, then the app that already has it, then the one
 * configured first, then the first by id; so the same claims give the same winner on every host and at every look.
 */
export function settleClaims(
  services: readonly Service[],
  incumbents: readonly Route[],
  policy: PortPolicy,
): Settled {
  const owners = new Map(incumbents.map((route) => [route.key, route]));
  const problems: Problem[] = [];
  const rivals = new Map<string, Service[]>();
  for (const service of services) {
    const refusal = refuse(service, policy);
    const key = serviceKey(service);
    if (refusal === undefined) rivals.set(key, [...(rivals.get(key) ?? []), service]);
    else problems.push(refusal);
  }
  const claims = [...rivals].map(([key, claimants]) => {
    const [service, ...losers] = rank(claimants, owners.get(key), policy);
    if (service === undefined) throw new Error(`nobody claims ${key}`);
    const sharers = losers.filter((loser) => mayShare(service, loser, policy));
    const others = losers.filter((loser) => !sharers.includes(loser));
    problems.push(...others.map((loser) => conflict(key, service, loser)));
    return { service, sharers: sharers.toSorted((one, other) => (one.app < other.app ? -1 : 1)) };
  });
  return { claims: claims.toSorted((one, other) => byPort(one.service, other.service)), problems };
}

/**
 * Sharing has to be meant. Within a group of apps, which belongs to one team, it is enough that one of the two chose
 * the port by label; an app of another group needs the owner's consent, which is that it chose its port by label, too.
 */
function mayShare(owner: Service, other: Service, { mergesSources }: PortPolicy): boolean {
  if (owner.source !== other.source) return mergesSources;
  if (owner.merges && other.merges) return true;
  return groupOf(owner.app) === groupOf(other.app) && (owner.merges || other.merges);
}

function groupOf(app: string): string {
  return app.slice(0, app.lastIndexOf("/"));
}

function refuse(service: Service, policy: PortPolicy): Problem | undefined {
  const { port, app } = service;
  const use = policy.reserved.get(serviceKey(service));
  if (use !== undefined) {
    const reason = `service port ${port} is not forwarded: it is ${use}`;
    return { kind: "port-refused", subject: printable(app), reason };
  }
  if (port >= policy.firstPort && port <= policy.lastPort) return undefined;
  const allowed = `${policy.firstPort}-${policy.lastPort}`;
  const reason = `service port ${port} is not forwarded: it is outside the allowed range ${allowed}`;
  return { kind: "port-refused", subject: printable(app), reason };
}

function rank(
  claimants: readonly Service[],
  owner: Route | undefined,
  policy: PortPolicy,
): readonly Service[] {
  const owns = (service: Service): number =>
    owner !== undefined && owner.app === service.app && owner.source === service.source ? 0 : 1;
  return claimants.toSorted(
    (one, other) =>
      strengthOf(one, policy) - strengthOf(other, policy) ||
      owns(one) - owns(other) ||
      one.configuredAt - other.configuredAt ||
      (one.app <= other.app ? -1 : 1),
  );
}

/** The place of its source among those there are, from 0 for the strongest. */
export function strengthOf({ source }: Service, { sources }: Pick<PortPolicy, "sources">): number {
  const at = sources.indexOf(source);
  return at === -1 ? sources.length : at;
}

function conflict(key: string, winner: Service, loser: Service): Problem {
  const reason = `${key} is already served for ${winner.app}: this claim is ignored until that app gives it up`;
  return { kind: "port-conflict", subject: printable(loser.app), reason: printable(reason) };
}

function byPort(one: Service, other: Service): number {
  return one.port - other.port || one.protocol.localeCompare(other.protocol);
}
