import { encodeFrame } from "../../support/frames.ts";
import { encodeHttpRequest } from "../../support/http-frames.ts";
import type { Lap, Traffic } from "../verbs.ts";
import { type Asker, type AskerOptions, FreshAsker, LastingAsker } from "./asker.ts";
import { DatagramAsker } from "./datagrams.ts";
import { Score } from "./score.ts";

/** Traffic that runs until it is stopped: as fast as answers come, or at a rate that no slow answer holds up. */
export class Flow {
  readonly #score = new Score();
  readonly #askers: readonly Asker[];
  /** When each of them is to ask next, in ms of `performance.now()`; none without a rate. */
  readonly #due: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(traffic: Traffic) {
    const { targets, connections, ratePerSecond, isHttp = false } = traffic;
    const request = requestOf(traffic);
    this.#askers = Array.from({ length: connections }, (_, index) => {
      const target = targets[index % targets.length];
      if (target === undefined) throw new Error("traffic without a target");
      const idle = (): void => {
        if (ratePerSecond === undefined) asker.ask(performance.now());
      };
      const options: AskerOptions = { target, isHttp, request, score: this.#score, idle };
      const asker = makeAsker(traffic, options);
      return asker;
    });
    const everyMs = ratePerSecond === undefined ? undefined : (connections / ratePerSecond) * 1000;
    for (const asker of this.#askers) {
      if (everyMs === undefined) asker.ask(performance.now());
      else this.#due.push(performance.now() + Math.random() * everyMs);
    }
    if (everyMs !== undefined) this.#keepAsking(everyMs);
  }

  lap(pids: readonly number[]): Lap {
    return this.#score.lap(pids);
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const asker of this.#askers) asker.close();
  }

  /**
   * The turns are fixed beforehand. A latency counts from the moment the timer fired, which is ours to answer for,
   * and not from when an earlier answer made room: so a stall is seen by every request that was due during it.
   */
  #keepAsking(everyMs: number): void {
    const now = performance.now();
    for (const [index, asker] of this.#askers.entries()) {
      // A timer takes a millisecond at least; more than one request of a connection may have become due meanwhile.
      for (let due = this.#due[index] ?? Infinity; due <= now; due += everyMs) {
        asker.ask(now);
        this.#due[index] = due + everyMs;
      }
    }
    const nextMs = Math.min(...this.#due) - performance.now();
    this.#timer = setTimeout(() => this.#keepAsking(everyMs), Math.max(0, nextMs));
  }
}

function requestOf({ isHttp = false, requestBytes, answerBytes }: Traffic): Buffer {
  return isHttp ? encodeHttpRequest(answerBytes) : encodeFrame(requestBytes, answerBytes, false);
}

function makeAsker({ protocol, isLasting }: Traffic, options: AskerOptions): Asker {
  if (protocol === "udp") return new DatagramAsker(options);
  return isLasting ? new LastingAsker(options) : new FreshAsker(options);
}
