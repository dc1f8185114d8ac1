import type { DialFailure } from "../../model/outcome.ts";
import type { EngineReplica } from "../route.ts";
import type { Tally } from "../tally.ts";
import type { Connection } from "./connection.ts";
import type { ReadMeter } from "./read-meter.ts";
import type { Waiter } from "./waiting-line.ts";

/** How long a connection may take for what comes before its relay, and how long that may stand still; in ms. */
export interface ConnectionLimits {
  /** One attempt to connect. Default 3000. */
  readonly connectTimeoutMs: number;
  /** All attempts together. Default 9000. */
  readonly connectBudgetMs: number;
  /** The PROXY header, where one is asked for. Default 5000. */
  readonly headerTimeoutMs: number;
  /** No byte after one side has ended. Default 30,000. */
  readonly halfCloseMs: number;
  /** Bytes wait for a side that takes none. Default 120,000. */
  readonly writeStallMs: number;
}

export type Choice =
  | { readonly kind: "replica"; readonly replica: EngineReplica }
  /** Someone could serve, but has no room now. */
  | { readonly kind: "full" }
  | { readonly kind: "none" };

/** What a connection asks of the service it belongs to. */
export interface ConnectionHost {
  readonly tally: Tally;
  readonly limits: ConnectionLimits;
  readonly meter: ReadMeter;
  /** When a connection that gets a replica now is to be reset, in ms; Infinity for never. */
  readonly drainDeadline: number;
  /** True when this peer's PROXY header is believed. */
  trusts(peer: string): boolean;
  /** Undefined when nobody is kept out. */
  readonly admits: ((client: string) => boolean) | undefined;
  /** Picks none of `excluded` and puts the connection on it. */
  choose(excluded: readonly EngineReplica[], client: string | undefined): Choice;
  /** Takes the connection off its replica. */
  release(replica: EngineReplica): void;
  /** Tells how the replica behaved; undefined is well. */
  heard(replica: EngineReplica, failure: DialFailure | undefined): void;
  /** Joins the line for room; false when it is full. */
  join(waiter: Waiter): boolean;
  leave(waiter: Waiter): void;
  /** Called once, when everything of the connection is closed. */
  ended(connection: Connection): void;
}
