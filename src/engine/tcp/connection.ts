import type { Socket } from "node:net";
import { outcomeOfDial, type Outcome } from "../../model/outcome.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Tally } from "../tally.ts";
import { dial, type DialResult } from "./dial.ts";
import { Relay, type RelayLimits } from "./relay.ts";

export interface DialLimits {
  /** Longest wait for one attempt, in ms. Default 3000. */
  readonly connectTimeoutMs: number;
  /** Longest wait for all attempts together, in ms. Default 9000. */
  readonly connectBudgetMs: number;
}

export interface ConnectionOptions {
  readonly client: Socket;
  readonly route: EngineRoute;
  /** A replica that is none of `excluded`, by the service's balancing policy at this moment. */
  readonly pick: (excluded: readonly EngineReplica[]) => EngineReplica | undefined;
  readonly tally: Tally;
  readonly limits: RelayLimits & DialLimits;
  /** Called once, when everything of this connection is closed. */
  readonly ended: (connection: Connection) => void;
}

/**
 * One accepted TCP connection from its first pick to its last byte. The client is not read before a replica is
 * connected, so whatever it sent early waits in the kernel and no failed attempt can lose it.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #startedAt = performance.now();
  readonly #tried: EngineReplica[] = [];
  #replica: EngineReplica | undefined;
  #cancelDial: (() => void) | undefined;
  #relay: Relay | undefined;
  #outcome: Outcome | undefined;
  #reported = { received: 0, sent: 0 };

  /** Takes over a paused client socket and starts to dial. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    options.tally.accepted(options.route.row);
    // A client that resets while we dial is noticed when it is read; until then there is nothing to do.
    options.client.on("error", () => undefined);
    options.client.once("close", () => this.#clientClosed());
    this.#attempt();
  }

  /** Counts what has moved since the last call and ends the connection if it stands still. */
  check(now: number): void {
    this.#relay?.check(now);
    this.#reportBytes();
  }

  /** Resets both sides now. */
  abort(outcome: Outcome): void {
    if (this.#relay !== undefined) this.#relay.abort(outcome);
    else this.#giveUp(outcome);
  }

  #attempt(): void {
    const { pick, tally, limits, route } = this.#options;
    const replica = pick(this.#tried);
    if (replica === undefined) {
      this.#giveUp(this.#outcome ?? "no-replica");
      return;
    }
    const dialedAt = performance.now();
    const left = limits.connectBudgetMs - (dialedAt - this.#startedAt);
    if (left <= 0) {
      this.#giveUp(this.#outcome ?? "upstream-timeout");
      return;
    }
    if (this.#tried.length > 0) tally.retried(route.row);
    this.#tried.push(replica);
    this.#replica = replica;
    tally.occupied(replica.row);
    this.#cancelDial = dial(replica.address, {
      timeoutMs: Math.min(limits.connectTimeoutMs, left),
      done: (result) => this.#dialed(replica, result, dialedAt),
    });
  }

  #dialed(replica: EngineReplica, result: DialResult, dialedAt: number): void {
    const { tally, route } = this.#options;
    this.#cancelDial = undefined;
    if (result.kind === "failed") {
      tally.failed(replica.row, result.failure);
      tally.vacated(replica.row);
      this.#replica = undefined;
      this.#outcome = outcomeOfDial(result.failure);
      this.#attempt();
      return;
    }
    this.#outcome = undefined;
    const now = performance.now();
    tally.connected(route.row, replica.row, (now - dialedAt) / 1000);
    const { client, limits } = this.#options;
    const ended = (outcome: Outcome): void => this.#end(outcome);
    this.#relay = new Relay({ client, upstream: result.socket, limits, ended }, now);
  }

  #clientClosed(): void {
    // With a relay, the relay decides; without one, nobody is left to connect for.
    if (this.#relay === undefined) this.#end(this.#outcome ?? "client-gone");
  }

  #giveUp(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#cancelDial?.();
    this.#options.client.resetAndDestroy();
  }

  #end(outcome: Outcome): void {
    const { tally, route, ended } = this.#options;
    this.#cancelDial?.();
    this.#reportBytes();
    if (this.#replica !== undefined) tally.vacated(this.#replica.row);
    tally.closed(route.row, outcome, (performance.now() - this.#startedAt) / 1000);
    ended(this);
  }

  #reportBytes(): void {
    if (this.#relay === undefined || this.#replica === undefined) return;
    const { received, sent } = this.#relay;
    const moved = {
      received: received - this.#reported.received,
      sent: sent - this.#reported.sent,
    };
    this.#reported = { received, sent };
    this.#options.tally.moved(this.#options.route.row, this.#replica.row, moved);
  }
}
