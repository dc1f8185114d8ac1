import type { Socket } from "node:net";
import type { HeldFor } from "../tcp/flow.ts";
import { Movement } from "./movement.ts";
import { overdue, type Patience, type Verdict } from "./overdue.ts";

/** Watches one request for standing still. */
export class Watch {
  readonly #client: Socket;
  readonly #patience: Patience;
  readonly #movement: Movement;

  constructor(client: Socket, patience: Patience, heldFor: HeldFor) {
    this.#client = client;
    this.#patience = patience;
    this.#movement = new Movement(heldFor);
  }

  /** Whose time is up, if anybody's; `now` in ms of a clock that never goes back. */
  look(now: number, upstream: Socket, isClientsTurn: boolean): Verdict | undefined {
    const stillMs = this.#movement.stillFor(now, [this.#client, upstream]);
    const isClientFull = this.#client.writableLength > 0;
    const { writeStallMs, serverTimeoutMs } = this.#patience;
    const isTaking = isClientFull
      ? !this.#movement.hasStopped(now, this.#client, writeStallMs)
      : upstream.writableLength > 0 && !this.#movement.hasStopped(now, upstream, serverTimeoutMs);
    return isTaking ? undefined : overdue({ stillMs, isClientsTurn, isClientFull }, this.#patience);
  }
}
