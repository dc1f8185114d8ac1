import type { Socket } from "node:net";
import type { ServicePolicy } from "../../model/policy.ts";
import type { HeldFor } from "../tcp/flow.ts";
import { Movement } from "./movement.ts";

/** From the first byte of a request to the end of its head, in ms. */
const defaultHeadMs = 10_000;

/** How long a client may take to ask for the first time on a port that serves no longer, in ms. */
const lastChanceMs = 2000;

/** For how long, in ms, a client may say nothing at all. */
export function mostSilent(
  { clientTimeoutMs }: Pick<ServicePolicy, "clientTimeoutMs">,
  isServing: boolean,
): number {
  return isServing ? clientTimeoutMs : Math.min(clientTimeoutMs, lastChanceMs);
}

/** What has become of a client between two requests. */
export type IdleVerdict = "waiting" | "silent" | "slow-head";

/** Watches a client that has no request under way, by what has been read of it. */
export class IdleClock {
  readonly #client: Socket;
  readonly #heldFor: HeldFor;
  /** Made when somebody first asks. */
  #moves: Movement | undefined;
  #since = 0;
  #read = 0;
  #headSince: number | undefined;

  constructor(client: Socket, heldFor: HeldFor) {
    this.#client = client;
    this.#heldFor = heldFor;
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

  /** For how long, in ms, it has neither said nor taken anything, as seen by calls of this method. */
  stillFor(now: number): number {
    this.#moves ??= new Movement(this.#heldFor);
    return this.#moves.stillFor(now, [this.#client]);
  }

  /** True when it has taken nothing of what waits for it for so long, in ms. */
  hasStalled(now: number, limitMs: number): boolean {
    this.stillFor(now);
    return this.#moves?.hasStopped(now, this.#client, limitMs) === true;
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
