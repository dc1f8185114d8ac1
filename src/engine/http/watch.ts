import type { Socket } from "node:net";
import { Movement } from "./movement.ts";
import { overdue, type Patience, type Verdict } from "./overdue.ts";

/** Watches one request for standing still. */
export class Watch {
  readonly #client: Socket;
  readonly #patience: Patience;
  readonly #movement = new Movement();

  constructor(client: Socket, patience: Patience) {
    this.#client = client;
    this.#patience = patience;
  }

  /** Whose time is up, if anybody's; `now` in ms of a clock that never goes back. */
  look(now: number, upstream: Socket, isClientsTurn: boolean): Verdict | undefined {
    const stillMs = this.#movement.stillFor(now, [this.#client, upstream]);
    const isClientFull = this.#client.writableLength > 0;
    return overdue({ stillMs, isClientsTurn, isClientFull }, this.#patience);
  }
}
