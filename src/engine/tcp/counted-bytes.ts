/** Bytes a connection has moved, both ways. */
interface Moved {
  readonly received: number;
  readonly sent: number;
}

/** How much of what a connection has moved is in the counters already. */
export class CountedBytes {
  #received = 0;
  #sent = 0;

  /** What has moved since the last call. */
  take({ received, sent }: Moved): Moved {
    const moved = { received: received - this.#received, sent: sent - this.#sent };
    this.#received = received;
    this.#sent = sent;
    return moved;
  }

  /** Another replica begins to send. */
  sentAnew(): void {
    this.#sent = 0;
  }
}
