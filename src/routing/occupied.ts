import { formatAddress } from "../model/address.ts";
import { printable, type Problem } from "../model/problem.ts";
import { serviceKey, type Service } from "../model/service.ts";
import type { Route } from "./table.ts";

export interface Situation {
  /** The routes now served. */
  readonly incumbents: readonly Route[];
  /** True for an IP literal that service ports are bound to. */
  readonly isOwnHost: (host: string) => boolean;
}

export interface Unoccupied {
  readonly services: readonly Service[];
  readonly problems: readonly Problem[];
}

/**
 * Leaves out services that claim a port on which a replica of another app listens on this host: a listener of ours there
 * would make that replica look like a loop and take it out, so that anybody could take out anybody's replicas by a
 * claim. Whoever was there first stays: what is served now, then what was configured first.
 */
export function leaveOutOccupied(services: readonly Service[], situation: Situation): Unoccupied {
  const residents = residentsOf(services, situation);
  if (residents.size === 0) return { services, problems: [] };
  const { incumbents } = situation;
  const served = new Map(incumbents.map((route) => [route.key, route]));
  const known = replicasByApp(incumbents);
  const problems: Problem[] = [];
  const kept = services.filter((service) => {
    const key = serviceKey(service);
    if (served.get(key)?.app === service.app) return true;
    const first = residents.get(key)?.find((one) => comesFirst(one, service, known));
    if (first === undefined) return true;
    problems.push(refusal(service, first));
    return false;
  });
  return { services: kept, problems };
}

/** By service key: whose replicas listen on this host on a port that somebody claims. */
function residentsOf(
  services: readonly Service[],
  { isOwnHost }: Situation,
): ReadonlyMap<string, readonly Service[]> {
  const ports = new Set(services.map(({ port }) => port));
  const claimed = new Set(services.map((service) => serviceKey(service)));
  const residents = new Map<string, Service[]>();
  for (const service of services) {
    const { protocol, replicas } = service;
    for (const { address } of replicas) {
      // Of ten thousand replicas hardly one has a claimed port: this comes first.
      if (!ports.has(address.port) || !isOwnHost(address.host)) continue;
      const key = serviceKey({ protocol, port: address.port });
      if (!claimed.has(key)) continue;
      residents.set(key, [...(residents.get(key) ?? []), service]);
    }
  }
  return residents;
}

/** Protocol and address of what each app has served already. */
function replicasByApp(incumbents: readonly Route[]): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  for (const { app, protocol, replicas } of incumbents) {
    const own = known.get(app) ?? new Set();
    for (const { key } of replicas) own.add(`${protocol} ${key}`);
    known.set(app, own);
  }
  return known;
}

function comesFirst(
  resident: Service,
  claimant: Service,
  known: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const { app, protocol, replicas, configuredAt } = resident;
  if (app === claimant.app) return false;
  const isServed = replicas.some(
    ({ address }) =>
      address.port === claimant.port &&
      known.get(app)?.has(`${protocol} ${formatAddress(address)}`) === true,
  );
  return isServed || configuredAt < claimant.configuredAt;
}

function refusal({ app, port }: Service, { app: first }: Service): Problem {
  const reason = `service port ${port} is not forwarded: a replica of ${first} listens on it on this host`;
  return { kind: "port-refused", subject: printable(app), reason: printable(reason) };
}
