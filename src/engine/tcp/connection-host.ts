import type { Socket } from "node:net";
import type { AccessSink } from "../../model/access.ts";
import type { DialFailure, Outcome } from "../../model/outcome.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { Choice } from "../replica-pool.ts";
import type { EngineReplica } from "../route.ts";
import type { Rostered } from "../roster.ts";
import type { Tally } from "../tally.ts";
import type { HeldFor } from "./flow.ts";
import type { Intake } from "./intake.ts";
import type { ReadBuffers } from "./read-buffers.ts";
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
  /** From the first byte of an HTTP request to the end of its head. Default 10,000. */
  readonly requestHeadMs?: number;
  /** No byte after one side has ended. Default 30,000. */
  readonly halfCloseMs: number;
  /** Bytes wait for a side that takes none. Default 120,000. */
  readonly writeStallMs: number;
}

/** How a connection stands still. */
export interface Stillness {
  /** For so long no byte has moved, as seen by whoever asks; in ms. */
  readonly forMs: number;
  /** Bytes wait for a side that does not take them. */
  readonly isHolding: boolean;
}

/** What a service asks of each of its connections, whatever is spoken on it. */
export interface Served extends Rostered {
  /** The replica it is on, or on its way to. */
  readonly replica: EngineReplica | undefined;
  /** Sets the time, in ms, after which it is cut off because its replica is being drained; Infinity takes it back. */
  drainBy(deadline: number): void;
  /** Its replica is down and its service wants no connection on such. */
  loseReplica(): void;
  /** Counts what has moved since the last call and ends it if it stands still; `now` in ms. */
  check(now: number): void;
  /** Resets it now. */
  abort(outcome: Outcome): void;
  /** Undefined while it does not, or somebody works on an answer; `now` in ms. */
  stillness?(now: number): Stillness | undefined;
  /** Nothing new begins on it; only for connections that know of beginnings. */
  retire?(): void;
}

/** What a connection asks of the port it came to. */
export interface PortHost {
  readonly tally: Tally;
  readonly limits: ConnectionLimits;
  readonly heldFor: HeldFor;
  /** Undefined when nothing is logged. */
  readonly access: AccessSink | undefined;
  /** True when this peer's PROXY header is believed. */
  trusts(peer: string): boolean;
  /** Undefined when nobody is kept out. */
  readonly admits: ((client: string) => boolean) | undefined;
  /** Called once, when everything of the connection is closed. */
  ended(connection: Served): void;
}

/** What came to a port: a paused client socket that has been counted as accepted. */
export interface Arrival {
  readonly client: Socket;
  /** How the client is read, where that is not by events. */
  readonly intake?: Intake | undefined;
  /** Both ends of the client's own connection, where they are known already. */
  readonly ends?: Endpoints;
  /** The port it came to, where that is not the service's own. */
  readonly frontend?: string;
}

/** What a connection asks of the service it belongs to. */
export interface ConnectionHost extends PortHost {
  readonly meter: ReadMeter;
  readonly buffers: ReadBuffers;
  /** When a connection that gets a replica now is to be reset, in ms; Infinity for never. */
  readonly drainDeadline: number;
  /** Picks none of `excluded` and puts the connection on it. */
  choose(excluded: readonly EngineReplica[], client: string | undefined): Choice;
  /** Takes the connection off its replica. */
  release(replica: EngineReplica): void;
  /** Tells how the replica behaved; undefined is well. */
  heard(replica: EngineReplica, failure: DialFailure | undefined): void;
  /** Tells that it reset a connection that had begun; undefined when that was no replica. */
  wasReset(replica: EngineReplica | undefined): void;
  /** Joins the line for room; false when it is full. */
  join(waiter: Waiter): boolean;
  leave(waiter: Waiter): void;
}
