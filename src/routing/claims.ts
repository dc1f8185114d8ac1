import { printable, type Problem } from "../model/problem.ts";
import { serviceKey, type Service } from "../model/service.ts";
import type { Route } from "./table.ts";

/** What apps may claim: ports in the range, less those the proxy uses itself. */
export interface PortPolicy {
  readonly firstPort: number;
  readonly lastPort: number;
  /** Service keys that are refused (`tcp/9090`), each with what it is used for. */
  readonly reserved: ReadonlyMap<string, string>;
}

export interface Settled {
  /** At most one service per key, sorted by port, then protocol. */
  readonly services: readonly Service[];
  readonly problems: readonly Problem[];
}

/**
 * Decides which app gets a service port. The app that already has it keeps it, else the one configured first,
 * else the first by id; so the same claims give the same winner on every host and at every look.
 */
export function settleClaims(
  services: readonly Service[],
  incumbents: readonly Route[],
  policy: PortPolicy,
): Settled {
  const owner = new Map(incumbents.map((route) => [route.key, route]));
  const problems: Problem[] = [];
  const winners = new Map<string, Service>();
  for (const service of services) {
    const refusal = refuse(service, policy);
    if (refusal !== undefined) {
      problems.push(refusal);
      continue;
    }
    const key = serviceKey(service);
    const rival = winners.get(key);
    const [winner, loser] = rival === undefined ? [service] : rank(rival, service, owner.get(key));
    winners.set(key, winner);
    if (loser !== undefined) problems.push(conflict(key, winner, loser));
  }
  const settled = [...winners.values()];
  return { services: settled.toSorted(byPort), problems };
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

function rank(one: Service, other: Service, owner: Route | undefined): [Service, Service] {
  const owns = (service: Service): boolean =>
    owner !== undefined && owner.app === service.app && owner.source === service.source;
  if (owns(one) !== owns(other)) return owns(one) ? [one, other] : [other, one];
  if (one.configuredAt !== other.configuredAt) {
    return one.configuredAt < other.configuredAt ? [one, other] : [other, one];
  }
  return one.app <= other.app ? [one, other] : [other, one];
}

function conflict(key: string, winner: Service, loser: Service): Problem {
  const reason = `${key} is already served for ${winner.app}: this claim is ignored until that app gives it up`;
  return { kind: "port-conflict", subject: printable(loser.app), reason: printable(reason) };
}

function byPort(one: Service, other: Service): number {
  return one.port - other.port || one.protocol.localeCompare(other.protocol);
}
