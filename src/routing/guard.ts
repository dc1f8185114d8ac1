import { formatAddress } from "../model/address.ts";
import type { Replica } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";

/** What the guard needs to know of one answer of a source. */
export interface Answer {
  readonly services: readonly Service[];
  /** Apps and tasks that the source itself reported gone: their loss is explained. */
  readonly confirmedGone: ReadonlySet<string>;
  /** Which look of the source the answer rests on: what events make of a list confirms nothing that the list lacks. */
  readonly look?: number;
  /** No loss is believed before this time, in ms; the source has changed who answers. */
  readonly settlesAt?: number;
}

/** Losses that have been seen but are not believed yet, by task. */
export type Doubts = ReadonlyMap<string, Doubt>;

interface Doubt {
  /** Looks that agreed on the loss. */
  readonly looks: number;
  /** Time of the look that last counted, in ms. */
  readonly lastLookAt: number;
  readonly look: number | undefined;
}

export interface GuardOptions {
  /** Looks that must agree before a loss is believed. Default 3. */
  readonly looks?: number;
  /** Looks closer together than this count as one, in ms. Default 10,000. */
  readonly spacingMs?: number;
  /** Losses of fewer tasks than this are no mass loss. Default 4. */
  readonly smallLoss?: number;
}

/** What is served now and what has been doubted so far. */
export interface Look {
  readonly served: readonly Service[];
  readonly doubts: Doubts;
  /** In ms, of any clock that does not go back. */
  readonly now: number;
}

export interface Decision {
  /** What to serve: the answer, plus what it lost without explanation and what is not believed yet. */
  readonly services: readonly Service[];
  readonly doubts: Doubts;
  /** Tasks whose loss was doubted and is believed now. */
  readonly believed: number;
  /** Tasks that were served; counted only where some of them are missing. */
  readonly of: number;
}

/**
 * Refuses to believe at once that most of the cluster, or all of a service, is gone. A loss that events explain
 * passes; any other must be seen in several looks some time apart, since an empty or halved answer with status 200 has
 * been seen from masters that were about to fail [marathon: issues 1585, 3419]. What is new is served at once.
 */
export function guardLoss(
  answer: Answer,
  { served, doubts, now }: Look,
  { looks = 3, spacingMs = 10_000, smallLoss = 4 }: GuardOptions = {},
): Decision {
  if (!lacksAny(answer, served))
    return { services: answer.services, doubts: noDoubts, believed: 0, of: 0 };
  const known = routableTasks(served);
  const present = allTasks(answer.services);
  const missing = [...known].filter(
    ([task, app]) => !present.has(task) && !explained(task, app, answer),
  );
  const placed = placedTasks(served, answer.services);
  const lost = missing.filter(([task]) => placed.has(task));
  const isMass = lost.length >= smallLoss && lost.length * 2 > known.size;
  const doubted = isMass
    ? lost.map(([task]) => task)
    : ofEmptied(served, answer.services, new Map(lost));
  const { look, settlesAt = -Infinity } = answer;
  const counted = doubted.map(
    (task) => [task, count(doubts.get(task), { now, look, spacingMs })] as const,
  );
  const held = new Map(counted.filter(([, doubt]) => doubt.looks < looks || now < settlesAt));
  const services = held.size === 0 ? answer.services : union(answer, served, held);
  return { services, doubts: held, believed: counted.length - held.size, of: known.size };
}

const noDoubts: Doubts = new Map();

/** True when a served task is missing without explanation; services that are still the same objects lack nothing. */
function lacksAny(answer: Answer, served: readonly Service[]): boolean {
  const same = new Set(served).intersection(new Set(answer.services));
  const changed = served.filter((service) => !same.has(service));
  const present = allTasks(answer.services.filter((service) => !same.has(service)));
  const missing = [...routableTasks(changed)].filter(
    ([task, app]) => !present.has(task) && !explained(task, app, answer),
  );
  if (missing.length === 0) return false;
  // It may have moved to a service that has not changed itself.
  const elsewhere = allTasks([...same]);
  return missing.some(([task]) => !elsewhere.has(task));
}

/** Lost tasks of services that the answer leaves without any replica. */
function ofEmptied(
  served: readonly Service[],
  next: readonly Service[],
  lost: ReadonlyMap<string, string>,
): string[] {
  const present = allTasks(next);
  const filled = new Set(next.filter(({ replicas }) => replicas.length > 0).map(idOf));
  const emptied = served.filter(
    (service) =>
      !filled.has(idOf(service)) && service.replicas.every(({ task }) => !present.has(task)),
  );
  const tasks = emptied.flatMap(({ replicas }) => replicas.map(({ task }) => task));
  return [...new Set(tasks)].filter((task) => lost.has(task));
}

function count(
  doubt: Doubt | undefined,
  { now, look, spacingMs }: { now: number; look: number | undefined; spacingMs: number },
): Doubt {
  if (doubt === undefined) return { looks: 1, lastLookAt: now, look };
  const isSameLook = look !== undefined && look === doubt.look;
  if (isSameLook || now - doubt.lastLookAt < spacingMs) return doubt;
  return { looks: doubt.looks + 1, lastLookAt: now, look };
}

function routableTasks(services: readonly Service[]): Map<string, string> {
  const tasks = new Map<string, string>();
  for (const { app, replicas } of services) {
    for (const replica of replicas) if (!replica.draining) tasks.set(replica.task, app);
  }
  return tasks;
}

function allTasks(services: readonly Service[]): Set<string> {
  return new Set(services.flatMap(({ replicas }) => replicas.map(({ task }) => task)));
}

function explained(task: string, app: string, { confirmedGone }: Answer): boolean {
  return confirmedGone.has(task) || confirmedGone.has(app);
}

/** Tasks of which some address has not been given to another one since; the rest has certainly ended. */
function placedTasks(served: readonly Service[], next: readonly Service[]): Set<string> {
  const taken = addressesOf(next);
  const replicas = served.flatMap((service) => service.replicas);
  const placed = replicas.filter(({ address }) => !taken.has(formatAddress(address)));
  return new Set(placed.map(({ task }) => task));
}

function addressesOf(services: readonly Service[]): Set<string> {
  return new Set(
    services.flatMap(({ replicas }) => replicas.map(({ address }) => formatAddress(address))),
  );
}

/** The answer, with every doubted loss put back, unless its address has been given to another task since. */
function union(answer: Answer, served: readonly Service[], doubts: Doubts): Service[] {
  const next = answer.services;
  const taken = addressesOf(next);
  const missing = (service: Service): Replica[] =>
    service.replicas.filter(
      ({ task, address }) => doubts.has(task) && !taken.has(formatAddress(address)),
    );
  const merged = new Map(next.map((service) => [idOf(service), service]));
  for (const service of served) {
    const lost = missing(service);
    const id = idOf(service);
    const current = merged.get(id);
    const isKept = lost.length > 0 && !answer.confirmedGone.has(service.app);
    if (isKept) {
      merged.set(id, {
        ...(current ?? service),
        replicas: [...(current?.replicas ?? []), ...lost],
      });
    }
  }
  return [...merged.values()];
}

/** One app on one port. */
export function idOf(service: Service): string {
  return `${serviceKey(service)} ${service.app}`;
}
