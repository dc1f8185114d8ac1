import { readFile } from "node:fs/promises";

import { AnswerError } from "../answer-error.ts";
import type { JsonClient } from "../json-client.ts";

/** Where and how Consul is asked. */
export interface ConsulApiOptions {
  readonly client: JsonClient;
  readonly origin: string;
  /** Path that the API is mounted below, without a slash at its end. */
  readonly mount: string;
  readonly datacenter: string | undefined;
  /** Any server may answer, not only the leader. */
  readonly stale: boolean;
  readonly tokenFile: string | undefined;
}

/** A document with the index a blocking query continues from, at least 1. */
export interface Indexed {
  readonly document: unknown;
  readonly index: number;
  /** Access rules left something out of it. */
  readonly isFiltered: boolean;
}

/** How long a blocking query waits on the server, in seconds. */
const waitSeconds = 55;
/** [consul: blocking queries] The server adds up to a sixteenth; the rest is for the way. */
const waitTimeoutMs = waitSeconds * 1000 * (1 + 1 / 16) + 10_000;
const readTimeoutMs = 10_000;

/** Asks one agent, and believes only answers that say where they stand. */
export class ConsulApi {
  readonly #options: ConsulApiOptions;

  constructor(options: ConsulApiOptions) {
    this.#options = options;
  }

  /** The document at once, or once it is past `after`, or after a minute. */
  async read(path: string, signal: AbortSignal, after?: number): Promise<Indexed> {
    const { client, origin, mount, datacenter, stale } = this.#options;
    const query = new URLSearchParams();
    if (datacenter !== undefined) query.set("dc", datacenter);
    if (stale) query.set("stale", "");
    if (after !== undefined) {
      query.set("index", String(after));
      query.set("wait", `${waitSeconds}s`);
    }
    const { document, header } = await client.read(
      {
        origin,
        path: `${mount}${path}?${query.toString()}`,
        headers: await this.#headers(),
        totalTimeoutMs: after === undefined ? readTimeoutMs : waitTimeoutMs,
      },
      signal,
    );
    // [consul: consistency modes] A server without a leader may know things from long ago, or nothing at all.
    if (header("x-consul-knownleader") === "false")
      throw new AnswerError("status", "consul knows no leader");
    return {
      document,
      index: indexOf(header("x-consul-index")),
      // [consul: ACL] A token that may not see a service gets an answer without it, not a refusal.
      isFiltered: header("x-consul-results-filtered-by-acls") === "true",
    };
  }

  /** The token is read each time, so that a renewed one needs no restart. */
  async #headers(): Promise<Record<string, string>> {
    const { tokenFile } = this.#options;
    if (tokenFile === undefined) return {};
    try {
      const token = (await readFile(tokenFile, "utf8")).trim();
      if (/^[\u0021-\u007E]+$/.test(token)) return { "x-consul-token": token };
    } catch (error) {
      throw new AnswerError("credentials", "the token file cannot be read", { cause: error });
    }
    throw new AnswerError("credentials", "the token file is empty or no header can carry it");
  }
}

/** [consul: blocking queries] An index of 0 would not block. */
function indexOf(text: string | undefined): number {
  const index = Number(text);
  if (text === undefined || !Number.isSafeInteger(index) || index < 0)
    throw new AnswerError("wrong-shape", "no X-Consul-Index");
  return Math.max(1, index);
}
