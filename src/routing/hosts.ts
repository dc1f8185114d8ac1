import { isIP } from "node:net";
import type { GatewayKind } from "../model/gateway.ts";
import type { HostClaims } from "../model/host-claims.ts";
import { printable, type Problem } from "../model/problem.ts";
import { serviceKey, type Service } from "../model/service.ts";
import type { Claimed } from "./claims.ts";
import type { Route } from "./table.ts";

/** Which names the gateway serves. */
export interface HostRules {
  /** True where the names and defaults that apps claim are served. */
  readonly claimed: boolean;
  /** Every app is `<its reversed path>.<this>` for HTTP, as in proxymatic; undefined for no such names. */
  readonly domain: string | undefined;
  /** True for a name, exact or `*.suffix`, whose TLS ends here where it is claimed for HTTP. Default: none. */
  readonly isCertified?: (name: string) => boolean;
}

/** Who has which host names. */
export interface SettledHosts {
  /** By service key; those that have none are absent. */
  readonly byKey: ReadonlyMap<string, HostClaims>;
  readonly problems: readonly Problem[];
}

/** One service's wish for one name. */
interface Wish {
  readonly kind: GatewayKind;
  readonly name: string;
  readonly key: string;
  readonly service: Service;
  /** The name follows from the app's path. */
  readonly isByPath: boolean;
  /** Nobody said so: TLS under this name ends here, for requests that are the service's. */
  readonly endsHere: boolean;
}

/** Stands for every name that nobody claims; no host is called so. */
const anyHost = "*";

/**
 * Decides who is served under a host name. A name made from an app's path is that app's; else the app that has it keeps
 * it, then comes the one configured first, then the first by id, then the lower port. So nobody can take over a name, and
 * every host decides alike. Who has a name for HTTP has it for TLS, too, where there is a certificate for it.
 */
export function settleHosts(
  claims: readonly Claimed[],
  incumbents: readonly Route[],
  rules: HostRules,
): SettledHosts {
  const owners = ownersOf(incumbents, rules);
  const { allowed, refused } = wishesOf(claims, rules);
  const { http = [], tls = [] } = Object.groupBy(allowed, ({ kind }) => kind);
  const requests = contest(http, owners);
  const ended = endingHere(requests.winners, tls, rules);
  const handshakes = contest([...tls, ...ended], owners);
  const said = [...requests.winners, ...handshakes.winners].filter(({ endsHere }) => !endsHere);
  const won = Map.groupBy(said, ({ key }) => key);
  return {
    byKey: new Map(Array.from(won, ([key, wins]) => [key, toClaims(wins)])),
    problems: [...refused.map(refusal), ...requests.problems, ...handshakes.problems],
  };
}

/** Who has each name of one kind, and what the others are told. */
function contest(
  wishes: readonly Wish[],
  owners: ReadonlyMap<string, string>,
): { readonly winners: readonly Wish[]; readonly problems: readonly Problem[] } {
  const winners: Wish[] = [];
  const problems: Problem[] = [];
  for (const rivals of Map.groupBy(wishes, placeOf).values()) {
    const [winner, ...losers] = rank(rivals, owners);
    if (winner === undefined) continue;
    winners.push(winner);
    problems.push(...losers.flatMap((loser) => conflict(winner, loser)));
  }
  return { winners, problems };
}

/** What holders of names for HTTP have on the TLS port; an app that asks to be passed through there means it. */
function endingHere(
  holders: readonly Wish[],
  asked: readonly Wish[],
  { claimed, isCertified }: HostRules,
): readonly Wish[] {
  if (!claimed || isCertified === undefined) return [];
  const own = new Set(asked.flatMap((wish) => [ofApp(wish), `${wish.key} ${wish.name}`]));
  return holders
    .filter(({ name }) => name !== anyHost && isCertified(name))
    .filter((wish) => !own.has(ofApp(wish)) && !own.has(`${wish.key} ${wish.name}`))
    .map((wish) => ({ ...wish, kind: "tls", endsHere: true }));
}

function ofApp({ service, name }: Wish): string {
  return `${service.source} ${service.app} ${name}`;
}

function ownersOf(
  incumbents: readonly Route[],
  { isCertified }: HostRules,
): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const ended = new Map<string, string>();
  for (const { app, source, hosts } of incumbents) {
    if (hosts === undefined) continue;
    const owner = `${source} ${app}`;
    for (const named of namesIn(hosts)) {
      owners.set(placeOf(named), owner);
      const { kind, name } = named;
      if (kind === "http" && isCertified?.(name) === true) {
        ended.set(placeOf({ kind: "tls", name }), owner);
      }
    }
  }
  return new Map([...ended, ...owners]);
}

function wishesOf(
  claims: readonly Claimed[],
  { claimed, domain }: HostRules,
): { readonly allowed: readonly Wish[]; readonly refused: readonly Wish[] } {
  const allowed: Wish[] = [];
  const refused: Wish[] = [];
  for (const { service, sharers } of claims) {
    if (service.protocol !== "tcp") continue;
    const key = serviceKey(service);
    for (const one of [service, ...sharers]) {
      const own = domain === undefined ? [] : [byPath(one, key, domain)];
      const said = claimed ? namesIn(one.hosts).map((it) => claimOf(it, one, key)) : [];
      for (const wish of [...own, ...said]) (mayBeHad(wish) ? allowed : refused).push(wish);
    }
  }
  return { allowed, refused };
}

function byPath(service: Service, key: string, domain: string): Wish {
  const name = `${service.name}.${domain}`.toLowerCase();
  return { kind: "http", name, key, service, isByPath: true, endsHere: false };
}

function claimOf(named: Named, service: Service, key: string): Wish {
  return { ...named, key, service, isByPath: false, endsHere: false };
}

interface Named {
  readonly kind: GatewayKind;
  readonly name: string;
}

function namesIn(hosts: HostClaims | undefined): Named[] {
  if (hosts === undefined) return [];
  const { http, tls, httpDefault, tlsDefault } = hosts;
  return [...placesOf("http", http, httpDefault), ...placesOf("tls", tls, tlsDefault)];
}

/** Nobody claims everything by writing a bare `*`. */
function placesOf(kind: GatewayKind, names: readonly string[], isDefault: boolean): Named[] {
  const own = names.filter((name) => name !== anyHost);
  return (isDefault ? [...own, anyHost] : own).map((name) => ({ kind, name }));
}

const hostGrammar = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const longestName = 253;

/** Names that mean this host or everybody are nobody's: `localhost`, addresses, `_`, `*.com`. */
function mayBeHad({ name }: Wish): boolean {
  if (name === anyHost) return true;
  const plain = name.startsWith("*.") ? name.slice(2) : name;
  if (name.length > longestName || !hostGrammar.test(name) || isIP(plain) !== 0) return false;
  if (name.startsWith("*.") && !plain.includes(".")) return false;
  return plain !== "_" && plain !== "localhost" && !plain.endsWith(".localhost");
}

function placeOf({ kind, name }: Named): string {
  return `${kind} ${name}`;
}

function rank(rivals: readonly Wish[], owners: ReadonlyMap<string, string>): readonly Wish[] {
  if (rivals.length === 1) return rivals;
  const isOwner = (wish: Wish): boolean =>
    owners.get(placeOf(wish)) === `${wish.service.source} ${wish.service.app}`;
  return rivals.toSorted(
    (one, other) =>
      Number(other.isByPath) - Number(one.isByPath) ||
      Number(isOwner(other)) - Number(isOwner(one)) ||
      one.service.configuredAt - other.service.configuredAt ||
      compare(one.service.app, other.service.app) ||
      one.service.port - other.service.port,
  );
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** A service that several apps share has its names once, and an app's further ports do not ask for the name of its path. */
function conflict(winner: Wish, loser: Wish): Problem[] {
  const isExpected = loser.isByPath && winner.service.app === loser.service.app;
  if (winner.key === loser.key || isExpected) return [];
  const reason = `${described(loser)} ${takenBy(winner)}: ${ignored(loser)}`;
  return [
    { kind: "host-conflict", subject: printable(loser.service.app), reason: printable(reason) },
  ];
}

function takenBy({ service: { app }, key, endsHere }: Wish): string {
  return endsHere ? `ends here, for ${app} (${key})` : `is already served for ${app} (${key})`;
}

function ignored({ key, endsHere }: Wish): string {
  return endsHere ? `it does not end here for ${key}` : `this claim of ${key} is ignored`;
}

function refusal(wish: Wish): Problem {
  const reason = `${described(wish)} is not served: it is no name that an app may have`;
  return {
    kind: "host-refused",
    subject: printable(wish.service.app),
    reason: printable(reason),
  };
}

function described({ kind, name }: Wish): string {
  const port = kind === "tls" ? "TLS" : "HTTP";
  return name === anyHost ? `the ${port} default` : `${port} host ${printable(name, 100)}`;
}

function toClaims(wishes: readonly Wish[]): HostClaims {
  const names = (kind: GatewayKind): string[] =>
    wishes
      .filter((wish) => wish.kind === kind && wish.name !== anyHost)
      .map(({ name }) => name)
      .toSorted(compare);
  const isDefault = (kind: GatewayKind): boolean =>
    wishes.some((wish) => wish.kind === kind && wish.name === anyHost);
  return {
    http: names("http"),
    httpDefault: isDefault("http"),
    tls: names("tls"),
    tlsDefault: isDefault("tls"),
  };
}
