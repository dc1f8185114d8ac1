import { formatAddress } from "../model/address.ts";
import type { Replica } from "../model/replica.ts";
import type { Service } from "../model/service.ts";

/** What an operator wants of one replica, whatever its source says. */
export type Override =
  | { readonly kind: "drain" }
  /** 0–1000. */
  | { readonly kind: "weight"; readonly weight: number };

/** An override with the task it was meant for: another task on the same address is not its concern. */
interface Kept {
  readonly override: Override;
  readonly task: string;
}

/** What operators have said of replicas, by `host:port`; forgotten with the task, and with the process. */
export class Overrides {
  readonly #byAddress = new Map<string, Kept>();

  /** Takes effect with the next `apply`; false when no service has such a replica. */
  set(address: string, override: Override | undefined, services: readonly Service[]): boolean {
    const replica = services
      .flatMap(({ replicas }) => replicas)
      .find((one) => formatAddress(one.address) === address);
    if (replica === undefined) return false;
    if (override === undefined) this.#byAddress.delete(address);
    else this.#byAddress.set(address, { override, task: replica.task });
    return true;
  }

  /** The services as operators want them; what nobody has spoken of is the same object as before. */
  apply(services: readonly Service[]): readonly Service[] {
    if (this.#byAddress.size === 0) return services;
    const seen = new Set<string>();
    const applied = services.map((service) => {
      const replicas = service.replicas.map((replica) => this.#applyTo(replica, seen));
      const isSame = replicas.every((replica, index) => replica === service.replicas[index]);
      return isSame ? service : { ...service, replicas };
    });
    for (const address of this.#byAddress.keys()) {
      if (!seen.has(address)) this.#byAddress.delete(address);
    }
    return applied;
  }

  #applyTo(replica: Replica, seen: Set<string>): Replica {
    const address = formatAddress(replica.address);
    const kept = this.#byAddress.get(address);
    if (kept === undefined || kept.task !== replica.task) return replica;
    seen.add(address);
    const { override } = kept;
    return override.kind === "weight"
      ? { ...replica, weight: override.weight }
      : { ...replica, draining: true, reason: "drained by an operator" };
  }
}
