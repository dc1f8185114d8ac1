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
}

/** Stands for every name that nobody claims; no host is called so. */
const anyHost = "*";

/**
 * Decides who is served under a host name. A name made from an app's path is that app's; else the app that has it keeps
 * it, then comes the one configured first, then the first by id, then the lower port. So nobody can take over a name, and
 * every host decides alike.
 */
export function settleHosts(
  claims: readonly Claimed[],
  incumbents: readonly Route[],
  rules: HostRules,
): SettledHosts {
  const owners = ownersOf(incumbents);
  const problems: Problem[] = [];
  const won = new Map<string, Wish[]>();
  const wishes = wishesOf(claims, rules);
  for (const wish of wishes.refused) problems.push(refusal(wish));
  for (const rivals of Map.groupBy(wishes.allowed, placeOf).values()) {
    const [winner, ...losers] = rank(rivals, owners);
    if (winner === undefined) continue;
    const names = won.get(winner.key) ?? [];
    names.push(winner);
    won.set(winner.key, names);
    problems.push(...losers.flatMap((loser) => conflict(winner, loser)));
  }
  const byKey = new Map([...won].map(([key, wins]) => [key, toClaims(wins)]));
  return { byKey, problems };
}

function ownersOf(incumbents: readonly Route[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { app, source, hosts } of incumbents) {
    if (hosts === undefined) continue;
    for (const { kind, name } of namesIn(hosts)) owners.set(`${kind} ${name}`, `${source} ${app}`);
  }
  return owners;
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
  return { kind: "http", name, key, service, isByPath: true };
}

function claimOf(named: Named, service: Service, key: string): Wish {
  return { ...named, key, service, isByPath: false };
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
  const { app } = winner.service;
  const reason = `${described(loser)} is already served for ${app} (${winner.key}): this claim of ${loser.key} is ignored`;
  return [
    { kind: "host-conflict", subject: printable(loser.service.app), reason: printable(reason) },
  ];
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
