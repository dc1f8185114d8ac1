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
  readonly #timers = new Set<NodeJS.Timeout>();

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
      else this.#keepAsking(asker, performance.now() + Math.random() * everyMs, everyMs);
    }
  }

  lap(pids: readonly number[]): Lap {
    return this.#score.lap(pids);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const asker of this.#askers) asker.close();
  }

  /**
   * The turns are fixed beforehand. A latency counts from the moment the timer fired, which is ours to answer for,
   * and not from when an earlier answer made room: so a stall is seen by every request that was due during it.
   */
  #keepAsking(asker: Asker, at: number, everyMs: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        asker.ask(performance.now());
        this.#keepAsking(asker, at + everyMs, everyMs);
      },
      Math.max(0, at - performance.now()),
    );
    this.#timers.add(timer);
  }
}

function requestOf({ isHttp = false, requestBytes, answerBytes }: Traffic): Buffer {
  return isHttp ? encodeHttpRequest(answerBytes) : encodeFrame(requestBytes, answerBytes, false);
}

function makeAsker({ protocol, isLasting }: Traffic, options: AskerOptions): Asker {
  if (protocol === "udp") return new DatagramAsker(options);
  return isLasting ? new LastingAsker(options) : new FreshAsker(options);
}
