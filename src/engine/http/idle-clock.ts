import type { Socket } from "node:net";

/** From the first byte of a request to the end of its head, in ms. */
const defaultHeadMs = 10_000;

/** What has become of a client between two requests. */
export type IdleVerdict = "waiting" | "silent" | "slow-head";

/** Watches a client that has no request under way, by what has been read of it. */
export class IdleClock {
  readonly #client: Socket;
  #since = 0;
  #read = 0;
  #headSince: number | undefined;

  constructor(client: Socket) {
    this.#client = client;
    this.restart();
  }

  /** It is idle from now on. */
  restart(): void {
    this.#since = performance.now();
    this.#read = this.#client.bytesRead;
    this.#headSince = undefined;
  }

  /** True while nothing of a request has come, as of the last look. */
  get isSilent(): boolean {
    return this.#client.bytesRead === this.#read;
  }

  /** Since when a head has been coming, as of the last look; undefined while none is known of. */
  get headSince(): number | undefined {
    return this.#headSince;
  }

  idleFor(now: number): number {
    return now - this.#since;
  }

  /** Judges by how long there may be nothing at all, and how long a head may take from its first byte, in ms. */
  look(now: number, silentMs: number, headMs: number = defaultHeadMs): IdleVerdict {
    if (!this.isSilent) {
      this.#headSince ??= now;
      return now - this.#headSince >= headMs ? "slow-head" : "waiting";
    }
    return now - this.#since >= silentMs ? "silent" : "waiting";
  }
}
