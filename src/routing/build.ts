import { isDeepStrictEqual } from "node:util";
import type { HostClaims } from "../model/host-claims.ts";
import type { Problem } from "../model/problem.ts";
import type { ServicePolicy } from "../model/policy.ts";
import { serviceKey, type Service } from "../model/service.ts";
import { claimsApart } from "./apart.ts";
import { settleClaims, type Claimed, type PortPolicy } from "./claims.ts";
import { settleHosts, type HostRules } from "./hosts.ts";
import { makeRoute, type RouteRules, type Standing } from "./make-route.ts";
import { leaveOutOccupied } from "./occupied.ts";
import type { Route } from "./table.ts";

export interface BuildInput {
  readonly services: readonly Service[];
  /** The judgement on each replica of one of `services`, in their order: the same array while nothing of it changes. */
  readonly standingsOf: (service: Service) => readonly Standing[];
  /** The routes now served, so that an app keeps the port it has. */
  readonly incumbents: readonly Route[];
  readonly ports: PortPolicy;
  /** Hosts that share a replica's connection limit; each gets its part, rounded up. */
  readonly groupSize: number;
  /** True for an IP literal that service ports are bound to. */
  readonly isOwnHost: (host: string) => boolean;
  /** True for an address of a port that we have for something else than a service. */
  readonly isOwnPort: RouteRules["isOwn"];
  /** What applies where a service says nothing itself. */
  readonly defaultPolicy: ServicePolicy;
  /** Which host names the gateway serves; absent where there is none. */
  readonly hosts?: HostRules | undefined;
}

export interface Built {
  readonly routes: readonly Route[];
  /** What apps have on ports that are not theirs alone, as `Table.apart` has it. */
  readonly apart: readonly Route[];
  readonly problems: readonly Problem[];
}

/** A route and everything it was made from: the same again makes the same route. */
interface Made {
  readonly sharers: readonly Service[];
  readonly standings: readonly (readonly Standing[])[];
  readonly hosts: HostClaims | undefined;
  readonly route: Route;
}

/**
 * Turns what sources say into routes: claims settled, replicas judged, doubles folded, everything sorted. A route of
 * which nothing has changed is the same object as the last time, so that whoever reads them need not look at it again.
 */
export class RouteBuilder {
  #made: ReadonlyMap<Service, Made> = new Map();
  #madeApart: ReadonlyMap<Service, Made> = new Map();
  #rules: (RouteRules & Pick<BuildInput, "isOwnHost" | "isOwnPort">) | undefined;
  #listening: ReadonlySet<string> = new Set();

  build(input: BuildInput): Built {
    const { standingsOf } = input;
    const { services, problems: occupied } = leaveOutOccupied(input.services, input);
    const { claims, problems } = settleClaims(services, input.incumbents, input.ports);
    const hosts =
      input.hosts === undefined ? undefined : settleHosts(claims, input.incumbents, input.hosts);
    const rules = this.#follow(input, new Set(claims.map(({ service }) => serviceKey(service))));
    const made = new Map<Service, Made>();
    for (const claimed of claims) {
      const names = hosts?.byKey.get(serviceKey(claimed.service));
      const before = this.#made.get(claimed.service);
      made.set(claimed.service, remake(before, claimed, { standingsOf, hosts: names, rules }));
    }
    this.#made = made;
    this.#madeApart = new Map(
      claimsApart(input.services, claims, input.ports).map((claimed) => {
        const before = this.#madeApart.get(claimed.service);
        return [claimed.service, remake(before, claimed, { standingsOf, hosts: undefined, rules })];
      }),
    );
    return {
      routes: routesOf(made),
      apart: routesOf(this.#madeApart),
      problems: [...occupied, ...problems, ...(hosts?.problems ?? [])],
    };
  }

  /** The rules of this build; what was made by others is not used again. */
  #follow(input: BuildInput, listening: ReadonlySet<string>): RouteRules {
    const { groupSize, defaultPolicy, isOwnHost, isOwnPort } = input;
    const rules = this.#rules;
    const areSame =
      rules?.groupSize === groupSize &&
      rules.defaultPolicy === defaultPolicy &&
      rules.isOwnHost === isOwnHost &&
      rules.isOwnPort === isOwnPort &&
      listening.size === this.#listening.size &&
      listening.isSubsetOf(this.#listening);
    if (areSame) return rules;
    this.#made = new Map();
    this.#madeApart = new Map();
    this.#listening = listening;
    const isOwn: RouteRules["isOwn"] = (address, protocol) => {
      const { host, port } = address;
      const isService = listening.has(serviceKey({ protocol, port })) && isOwnHost(host);
      return isService || isOwnPort(address, protocol);
    };
    this.#rules = { groupSize, defaultPolicy, isOwnHost, isOwnPort, isOwn };
    return this.#rules;
  }
}

interface RemakeInput extends Pick<BuildInput, "standingsOf"> {
  readonly hosts: HostClaims | undefined;
  readonly rules: RouteRules;
}

/** What was made before, unless something has changed of what it was made from. */
function remake(
  before: Made | undefined,
  claimed: Claimed,
  { hosts, standingsOf, rules }: RemakeInput,
): Made {
  const { service, sharers } = claimed;
  const standings = [service, ...sharers].map(standingsOf);
  const isSame =
    before !== undefined &&
    haveSame(before.sharers, sharers) &&
    haveSame(before.standings, standings) &&
    isDeepStrictEqual(before.hosts, hosts);
  if (isSame) return before;
  const plain = makeRoute(claimed, standingsOf, rules);
  const route = hosts === undefined ? plain : { ...plain, hosts };
  return { sharers, standings, hosts, route };
}

function routesOf(made: ReadonlyMap<Service, Made>): readonly Route[] {
  // A port whose replicas have no address yet is claimed, and shut until there is one.
  const isServed = ([{ isAwaited }, { route }]: readonly [Service, Made]): boolean =>
    isAwaited !== true || route.replicas.length > 0;
  return [...made].filter(isServed).map(([, { route }]) => route);
}

function haveSame<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
