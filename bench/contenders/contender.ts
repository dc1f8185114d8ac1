import type { Address } from "../../src/model/address.ts";
import type { Protocol } from "../../src/model/service.ts";
import type { Cpus } from "../support/cpus.ts";
import type { Program } from "../support/program.ts";

export type Availability =
  | { readonly kind: "found"; readonly version: string }
  | { readonly kind: "missing"; readonly reason: string };

/** What a contender is given. */
export interface Setup {
  /** Where every connection, or datagram, is to go. */
  readonly replica: Address;
  readonly protocol: Protocol;
  readonly cpus: Cpus;
  readonly program: Program;
  /** Connections it must be able to hold at a time. Default at least 4000. */
  readonly connections?: number;
}

/** A proxy that forwards. Disposing it ends it. */
export interface Running extends AsyncDisposable {
  readonly address: Address;
  /** Its processes, for their CPU time and memory; none when there is no proxy. */
  readonly pids: readonly number[];
  /** The most connections it holds at a time, where it says so itself. */
  readonly mostConnections?: number;
}

/** One way from the load generator to a replica. */
export interface Contender {
  readonly name: string;
  /** Under load until it is as it is for days after, in ms: buffers have grown, code is compiled. Default 1200. */
  readonly warmUpMs?: number;
  find(program: Program): Availability;
  /** Settles when it accepts connections. */
  start(setup: Setup): Promise<Running>;
}
