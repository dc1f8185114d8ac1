import type { IncomingMessage } from "node:http";
import { RateLimit, type RateLimitOptions } from "./rate-limit.ts";

/** Cheap, and asked by those who restart what does not answer: never refused. */
const alwaysAnswered: ReadonlySet<string> = new Set([
  "/status",
  "/ready",
  "/ping",
  "/healthz",
  "/version",
]);

/** Bytes of a body that are put up with; none is read. */
const longestBody = 1024;

export interface RequestLimitsOptions {
  readonly requests: RateLimitOptions;
  /** Of bodies of answers. */
  readonly bytes: RateLimitOptions;
}

const mebibyte = 1024 * 1024;

/** Far above what dashboards, scrapers and scripts ask of one host, far below what would keep its thread busy. */
const usual = {
  requests: { perSecond: 1000, burst: 2000 },
  bytes: { perSecond: 64 * mebibyte, burst: 256 * mebibyte },
} as const satisfies RequestLimitsOptions;

/** How much all readers of the status port together may ask of the thread that also decides about routes. */
export class RequestLimits {
  readonly #requests: RateLimit;
  readonly #bytes: RateLimit;

  constructor({ requests, bytes }: RequestLimitsOptions = usual) {
    this.#requests = new RateLimit(requests);
    this.#bytes = new RateLimit(bytes);
  }

  /** False when this has to wait; `now` in ms. */
  admit(path: string, now: number): boolean {
    if (alwaysAnswered.has(path)) return true;
    // Both look at the clock, whatever the other says.
    const mayAsk = this.#requests.hasSome(now);
    const mayAnswer = this.#bytes.hasSome(now);
    if (!mayAsk || !mayAnswer) return false;
    this.#requests.spend(1);
    return true;
  }

  /** An answer of so many bytes was made. */
  answered(bytes: number): void {
    this.#bytes.spend(bytes);
  }
}

/** True for a request whose body is longer than anybody needs here, or whose length is not told. */
export function hasLargeBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length = "0", "transfer-encoding": coding } = headers;
  return coding !== undefined || Number(length) > longestBody;
}
