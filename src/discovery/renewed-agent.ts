import { readFile } from "node:fs/promises";
import type { Agent } from "undici";

import { AnswerError } from "./answer-error.ts";
import { createAgent, type HttpLimits, type TlsMaterial } from "./http-agent.ts";

/** PEM text, or the path of a file with it, which is read again while it is used. */
export type Pem = string | { readonly file: string };

/** What is shown and trusted over https; undefined as in TlsMaterial. */
export interface PemSources {
  readonly ca: Pem | undefined;
  readonly certificate: Pem | undefined;
  readonly key: Pem | undefined;
}

/** Longest time for which a renewed file is not noticed. */
const recheckMs = 10_000;

/** An agent made anew when its PEM files have changed; requests under way go on with the one they began with. */
export class RenewedAgent implements AsyncDisposable {
  readonly #limits: Omit<HttpLimits, "tls">;
  readonly #sources: PemSources;
  readonly #made = new Set<Agent>();
  #current: { readonly agent: Agent; readonly tls: TlsMaterial } | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(limits: Omit<HttpLimits, "tls">, sources: PemSources) {
    this.#limits = limits;
    this.#sources = sources;
  }

  /** The agent to use now; rejects with an AnswerError when a file could never be read. */
  async current(): Promise<Agent> {
    const now = performance.now();
    if (this.#current !== undefined && now - this.#checkedAt < recheckMs)
      return this.#current.agent;
    const tls = await this.#read();
    const before = this.#current;
    if (before !== undefined && isSame(before.tls, tls)) {
      this.#checkedAt = now;
      return before.agent;
    }
    const agent = createAgent({ ...this.#limits, tls });
    this.#made.add(agent);
    this.#current = { agent, tls };
    this.#checkedAt = now;
    if (before !== undefined) void this.#retire(before.agent);
    return agent;
  }

  /** The next use looks at the files, whenever they were last looked at. */
  recheck(): void {
    this.#checkedAt = Number.NEGATIVE_INFINITY;
  }

  /** At once: whatever is under way is for nobody any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#made].map((agent) => agent.destroy()));
  }

  async #read(): Promise<TlsMaterial> {
    try {
      const { ca, certificate, key } = this.#sources;
      return {
        ca: await textOf(ca),
        certificate: await textOf(certificate),
        key: await textOf(key),
      };
    } catch (error) {
      if (this.#current !== undefined) return this.#current.tls;
      throw new AnswerError("credentials", "a TLS file cannot be read", { cause: error });
    }
  }

  async #retire(agent: Agent): Promise<void> {
    try {
      // Waits for requests under way, an event stream for one; disposal ends them.
      await agent.close();
    } catch {
      // Disposal was faster: it is gone either way.
    }
    this.#made.delete(agent);
  }
}

async function textOf(pem: Pem | undefined): Promise<string | undefined> {
  return typeof pem === "object" ? await readFile(pem.file, "utf8") : pem;
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.ca === other.ca && one.certificate === other.certificate && one.key === other.key;
}
