import { formatAddress } from "../model/address.ts";
import type { Replica } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";

/** What the guard needs to know of one answer of a source. */
export interface Answer {
  readonly services: readonly Service[];
  /** Apps and tasks that the source itself reported gone: their loss is explained. */
  readonly confirmedGone: ReadonlySet<string>;
}

/** A loss that has been seen but not believed yet. */
export interface Doubt {
  readonly looks: number;
  /** Time of the look that last counted, in ms. */
  readonly lastLookAt: number;
  /** Tasks whose loss is doubted; only looks that lose none but these agree. */
  readonly lost: ReadonlySet<string>;
}

export interface GuardOptions {
  /** Looks that must agree before a mass loss is believed. Default 3. */
  readonly looks?: number;
  /** Looks closer together than this count as one, in ms. Default 10,000. */
  readonly spacingMs?: number;
  /** Losses of fewer tasks than this are never held back, unless nothing is left. Default 4. */
  readonly smallLoss?: number;
}

/** What is served now and what has been doubted so far. */
export interface Look {
  readonly served: readonly Service[];
  readonly doubt: Doubt | undefined;
  /** In ms, of any clock that does not go back. */
  readonly now: number;
}

export type Decision =
  | { readonly kind: "accepted"; readonly services: readonly Service[]; readonly believed: boolean }
  | {
      readonly kind: "held";
      /** What to serve meanwhile: the new answer, plus everything that it lost without explanation. */
      readonly services: readonly Service[];
      readonly doubt: Doubt;
      readonly lost: number;
      readonly of: number;
    };

/**
 * Refuses to believe at once that most of the cluster is gone. A loss that events explain passes; an unexplained
 * one must be seen in several looks some time apart, since an empty or halved answer with status 200 has been
 * seen from masters that were about to fail [marathon: issues 1585, 3419]. What is new in the answer is served at once.
 */
export function guardLoss(
  answer: Answer,
  { served, doubt: before, now }: Look,
  { looks = 3, spacingMs = 10_000, smallLoss = 4 }: GuardOptions = {},
): Decision {
  const known = routableTasks(served);
  const present = allTasks(answer.services);
  const lost = [...known].filter(
    ([task, app]) => !present.has(task) && !explained(task, app, answer),
  );
  const nothingLeft = present.size === 0 && lost.length > 0;
  const suspicious = nothingLeft || (lost.length >= smallLoss && lost.length * 2 > known.size);
  if (!suspicious) return { kind: "accepted", services: answer.services, believed: false };

  const doubt = count(before, new Set(lost.map(([task]) => task)), { now, spacingMs });
  if (doubt.looks >= looks) return { kind: "accepted", services: answer.services, believed: true };
  const kept = union(answer.services, served, answer);
  return { kind: "held", services: kept, doubt, lost: lost.length, of: known.size };
}

function count(
  doubt: Doubt | undefined,
  lost: ReadonlySet<string>,
  { now, spacingMs }: { readonly now: number; readonly spacingMs: number },
): Doubt {
  // Three looks that each lose something else agree on nothing.
  if (doubt === undefined || !lost.isSubsetOf(doubt.lost))
    return { looks: 1, lastLookAt: now, lost };
  if (now - doubt.lastLookAt < spacingMs) return doubt;
  return { looks: doubt.looks + 1, lastLookAt: now, lost };
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

/** The answer, with every unexplained loss put back, unless its address has been given to another task since. */
function union(next: readonly Service[], served: readonly Service[], answer: Answer): Service[] {
  const present = allTasks(next);
  const taken = new Set(
    next.flatMap(({ replicas }) => replicas.map(({ address }) => formatAddress(address))),
  );
  const missing = (service: Service): Replica[] =>
    service.replicas.filter(
      ({ task, address }) =>
        !present.has(task) &&
        !explained(task, service.app, answer) &&
        !taken.has(formatAddress(address)),
    );
  const merged = new Map(next.map((service) => [idOf(service), service]));
  for (const service of served) {
    if (answer.confirmedGone.has(service.app)) continue;
    const id = idOf(service);
    const current = merged.get(id);
    const replicas = [...(current?.replicas ?? []), ...missing(service)];
    merged.set(id, { ...(current ?? service), replicas });
  }
  return [...merged.values()];
}

function idOf(service: Service): string {
  return `${serviceKey(service)} ${service.app}`;
}
