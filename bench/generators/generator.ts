import type { Address } from "../../src/model/address.ts";
import type { Availability } from "../contenders/contender.ts";
import type { Cpus } from "../support/cpus.ts";

/** A replica of a generator's own kind, somewhere on this machine. Disposing it ends it. */
export interface OwnReplica extends AsyncDisposable {
  readonly address: Address;
}

interface GeneratorOrder {
  readonly target: Address;
  readonly seconds: number;
  readonly cpus: Cpus;
}

/** A load generator of somebody else. */
export interface Generator {
  readonly name: string;
  find(): Availability;
  /** What it talks to; undefined when our own replica of that protocol will do. */
  readonly openReplica?: (cpus: Cpus) => Promise<OwnReplica>;
  /** One run; gives the number of units that were done, and rejects when something failed. */
  run(order: GeneratorOrder): Promise<number>;
}
