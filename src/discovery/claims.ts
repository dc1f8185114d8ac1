import { defaultWeight, type Replica } from "../model/replica.ts";
import { serviceKey, serviceName, type Protocol, type Service } from "../model/service.ts";
import { checkOf, hostsOf, isOffered, policyOf } from "./labels/parts.ts";
import type { PortReading } from "./labels/reading.ts";

/** One replica's wish to be reached at a service port, in sources where replicas declare themselves one by one. */
export interface Claim {
  readonly app: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** What the replica says of its service; of several replicas the last one is believed. */
  readonly reading: PortReading;
  /** When it was made, on any scale that grows; the oldest of a service's claims dates the service. */
  readonly madeAt: number;
  /** Undefined when a service is declared without one. */
  readonly replica: Replica | undefined;
}

/** One service per app, port and protocol that is offered to `groups` (default all), with the replicas of its claims in order. */
export function gatherServices(
  claims: readonly Claim[],
  source: string,
  groups: readonly string[] = ["*"],
): readonly Service[] {
  const gathered = new Map<string, [Claim, ...Claim[]]>();
  for (const claim of claims) {
    const { settings } = claim.reading;
    if (!isOffered(settings, groups)) continue;
    const asked = { ...claim, port: settings.servicePort ?? claim.port };
    const key = `${serviceKey(asked)} ${asked.app}`;
    const siblings = gathered.get(key);
    if (siblings === undefined) gathered.set(key, [asked]);
    else siblings.push(asked);
  }
  return [...gathered.values()].map((siblings) => toService(siblings, source));
}

function toService(claims: readonly [Claim, ...Claim[]], source: string): Service {
  const { app, port, protocol, reading } = claims.at(-1) ?? claims[0];
  const { settings } = reading;
  const replicas = new Map<string, Replica>();
  for (const { replica } of claims) if (replica !== undefined) replicas.set(replica.task, replica);
  return {
    app,
    name: serviceName(app),
    port,
    merges: settings.servicePort !== undefined,
    protocol,
    mode: protocol === "tcp" ? (settings.mode ?? "tcp") : "udp",
    policy: policyOf(settings),
    check: checkOf(reading),
    hosts: hostsOf(settings),
    source,
    configuredAt: claims.reduce((oldest, { madeAt }) => Math.min(oldest, madeAt), Infinity),
    replicas: [...replicas.values()],
  };
}

const protocols: ReadonlyMap<string, readonly Protocol[]> = new Map([
  ["tcp", ["tcp"]],
  ["udp", ["udp"]],
  ["both", ["tcp", "udp"]],
]);

/** What `tcp`, `udp` or `both` asks for, in any case; undefined for anything else. */
export function parseProtocols(text: string): readonly Protocol[] | undefined {
  return protocols.get(text.trim().toLowerCase());
}

/** A port as it is written, 1–65535 without leading zeros; undefined for anything else. */
export function parsePort(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

/** True for the name of an app: 1–255 visible ASCII characters. */
export function isAppName(value: unknown): value is string {
  return typeof value === "string" && /^[\u0021-\u007E]{1,255}$/.test(value);
}

/** A weight among its siblings' on any scale as one on ours; the heaviest gets twice the default unless all are equal. */
export function toWeight(weight: number, siblings: readonly number[]): number {
  const heaviest = siblings.reduce((most, other) => Math.max(most, other), weight);
  if (siblings.every((other) => other === weight)) return defaultWeight;
  return Math.max(1, Math.round((1000 * weight) / heaviest));
}
