import { encodeFrame } from "../../support/frames.ts";
import type { Traffic } from "../verbs.ts";
import { Client } from "./client.ts";

const request = encodeFrame(64, 64);
/** Connections that may be on their way at once: few enough for any backlog. */
const atOnce = 100;

/** Connections that were used once and are then kept without a byte. */
export class HeldConnections {
  readonly #clients = new Set<Client>();
  #lost = 0;

  /** Settles when every connection has had its answer; rejects when one has not. */
  async open({ targets, connections }: Pick<Traffic, "targets" | "connections">): Promise<void> {
    let next = 0;
    const lanes = Array.from({ length: Math.min(atOnce, connections) }, async () => {
      while (next < connections) {
        next += 1;
        await this.#openOne(targets, next);
      }
    });
    await Promise.all(lanes);
  }

  /** Closes all; tells how many were lost while they were held. */
  async release(): Promise<{ lost: number }> {
    const lost = this.#lost;
    for (const client of this.#clients) client.destroy();
    this.#clients.clear();
    this.#lost = 0;
    return { lost };
  }

  #openOne(targets: Traffic["targets"], index: number): Promise<void> {
    const target = targets[index % targets.length];
    if (target === undefined) throw new Error("no target");
    return new Promise((resolve, reject) => {
      const client = new Client({
        target,
        answered: () => {
          this.#clients.add(client);
          resolve();
        },
        closed: (error) => {
          if (this.#clients.delete(client)) this.#lost += 1;
          else reject(error ?? new Error("closed without an answer"));
        },
      });
      client.send(request);
    });
  }
}
