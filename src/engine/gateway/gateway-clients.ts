import type { Socket } from "node:net";
import type { AccessSink } from "../../model/access.ts";
import type { Outcome } from "../../model/outcome.ts";
import { Networks } from "../access.ts";
import type { ServiceOptions } from "../service.ts";
import type { Tally } from "../tally.ts";
import type { ConnectionLimits, PortHost, Served } from "../tcp/connection-host.ts";
import type { HeldFor } from "../tcp/flow.ts";
import { Roster } from "../roster.ts";
import { turnAway } from "../tcp/turn-away.ts";
import type { GatewaySettings } from "./gateway-settings.ts";

/** The clients of one gateway port, as long as they belong to no service. */
export class GatewayClients implements PortHost {
  readonly tally: Tally;
  readonly limits: ConnectionLimits;
  readonly heldFor: HeldFor;
  readonly access: AccessSink | undefined;
  /** Each service lets in whom it wants. */
  readonly admits: undefined;
  readonly #row: number;
  readonly #limit: number;
  readonly #headerSources: Networks;
  readonly #running = new Roster<Served>();

  constructor(row: number, options: ServiceOptions, gateway: GatewaySettings) {
    this.tally = options.tally;
    this.limits = options.limits;
    this.heldFor = options.heldFor;
    this.access = options.access;
    this.#row = row;
    this.#limit = gateway.maxConnections;
    this.#headerSources = new Networks(gateway.headerSources);
  }

  get count(): number {
    return this.#running.size;
  }

  get running(): Iterable<Served> {
    return this.#running;
  }

  trusts(peer: string): boolean {
    return this.#headerSources.has(peer);
  }

  /** Counts a new client and has it served, or resets it when the port is full. */
  accept(client: Socket, serve: (client: Socket) => void): void {
    if (this.tally.accepted(this.#row, this.#limit)) serve(client);
    else turnAway(client, this.tally, this.#row);
  }

  begun(connection: Served): void {
    this.#running.add(connection);
  }

  ended(connection: Served): void {
    this.#running.delete(connection);
  }

  check(now: number): void {
    for (const connection of this.#running) connection.check(now);
  }

  abort(outcome: Outcome): void {
    for (const connection of this.#running) connection.abort(outcome);
  }

  /** Connections end with their running requests. */
  retire(): void {
    for (const connection of this.#running) connection.retire?.();
  }
}
