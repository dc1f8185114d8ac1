import type { LiveReplica } from "./live-document.ts";
import type { LiveView } from "./live-view.ts";

/** A view as JSON in pieces: comparing texts is comparing what they say, and nothing is written twice. */
export interface LiveTexts {
  readonly now: number;
  /** By the name of the section. */
  readonly sections: ReadonlyMap<string, string>;
  /** By service key. */
  readonly services: ReadonlyMap<string, string>;
  readonly traffic: ReadonlyMap<string, string>;
}

export function toTexts(view: LiveView): LiveTexts {
  const { now, head, sources, problems, routing, services, traffic } = view;
  return {
    now,
    sections: new Map(
      Object.entries({ head, sources, problems, routing }).map(([name, section]) => [
        name,
        JSON.stringify(section),
      ]),
    ),
    services: new Map(services.map((service) => [service.key, JSON.stringify(service)])),
    traffic: new Map(traffic.map((row) => [row[0], JSON.stringify(row)])),
  };
}

/** What leads from `before` (undefined: from nothing) to `after`, as JSON of a `LiveChange`; undefined when nothing does. */
export function liveChange(before: LiveTexts | undefined, after: LiveTexts): string | undefined {
  const members = [...after.sections]
    .filter(([name, text]) => before?.sections.get(name) !== text)
    .map(([name, text]) => `"${name}":${text}`);
  const services = changed(before?.services, after.services);
  const traffic = changed(before?.traffic, after.traffic);
  const gone = missing(before?.services, after.services);
  if (services.length > 0) members.push(`"services":[${services.join()}]`);
  if (traffic.length > 0) members.push(`"traffic":[${traffic.join()}]`);
  if (gone.length > 0) members.push(`"gone":${JSON.stringify(gone)}`);
  return members.length === 0 ? undefined : `{"now":${after.now},${members.join()}}`;
}

/** Replicas of one service as JSON, by address. */
export type ReplicaTexts = ReadonlyMap<string, string>;

export function toReplicaTexts(replicas: readonly LiveReplica[]): ReplicaTexts {
  return new Map(replicas.map((replica) => [replica.address, JSON.stringify(replica)]));
}

/** The same for the replicas of one service, as JSON of a `LiveReplicas`. */
export function replicasChange(
  service: string,
  before: ReplicaTexts | undefined,
  after: ReplicaTexts,
): string | undefined {
  const set = changed(before, after);
  const gone = missing(before, after);
  // A service without replicas is told of once, so that nobody waits for them.
  if (before !== undefined && set.length === 0 && gone.length === 0) return undefined;
  return `{"service":${JSON.stringify(service)},"set":[${set.join()}],"gone":${JSON.stringify(gone)}}`;
}

function changed(
  before: ReadonlyMap<string, string> | undefined,
  after: ReadonlyMap<string, string>,
): string[] {
  const texts: string[] = [];
  for (const [key, text] of after) if (before?.get(key) !== text) texts.push(text);
  return texts;
}

function missing(
  before: ReadonlyMap<string, string> | undefined,
  after: ReadonlyMap<string, string>,
): string[] {
  return [...(before?.keys() ?? [])].filter((key) => !after.has(key));
}
