import type { LiveReplica, LiveService, Traffic } from "../../live-document.ts";
import { idle, type Store } from "./store.ts";

/** One line of the list: a service, or below it one of its replicas, or a word about them. */
export type Row =
  | {
      readonly kind: "service";
      readonly id: string;
      readonly service: LiveService;
      readonly traffic: Traffic;
      readonly isUnfolded: boolean;
    }
  | {
      readonly kind: "replica";
      readonly id: string;
      readonly service: LiveService;
      readonly replica: LiveReplica;
    }
  | { readonly kind: "note"; readonly id: string; readonly text: string };

/** The lines for these services. */
export function toRows(
  services: readonly LiveService[],
  store: Pick<Store, "traffic" | "replicas">,
  unfolded: ReadonlySet<string>,
): Row[] {
  return services.flatMap((service): Row[] => {
    const { key } = service;
    const isUnfolded = unfolded.has(key);
    const traffic = store.traffic.get(key) ?? idle;
    const head: Row = { kind: "service", id: key, service, traffic, isUnfolded };
    return isUnfolded ? [head, ...replicaRows(service, store.replicas.get(key))] : [head];
  });
}

function replicaRows(
  service: LiveService,
  replicas: ReadonlyMap<string, LiveReplica> | undefined,
): Row[] {
  const { key } = service;
  const note = (text: string): Row[] => [{ kind: "note", id: `${key} note`, text }];
  if (replicas === undefined) return note("asking for its replicas…");
  if (replicas.size === 0) return note("no replicas");
  const sorted = [...replicas.values()].toSorted((one, other) =>
    one.address < other.address ? -1 : 1,
  );
  return sorted.map((replica): Row => {
    return { kind: "replica", id: `${key} ${replica.address}`, service, replica };
  });
}
