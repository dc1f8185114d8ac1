import { promises } from "node:dns";
import { isIP } from "node:net";
import type { DecodedPacket } from "dns-packet";

import { parseAddress, type Address } from "../../model/address.ts";
import type { Random } from "../../model/clock.ts";
import { askServer, type Question } from "./ask-server.ts";

export interface NameServersOptions {
  /** `address` or `address:port`. Default: the servers of this host, as they are then. */
  readonly servers?: readonly string[] | undefined;
  /** For one question to one server; each is asked twice. */
  readonly timeoutMs: number;
  readonly random: Random;
}

const dnsPort = 53;

/** Asks one server after the other, all of them twice, until one gives an answer that can be used. */
export class NameServers {
  readonly #options: NameServersOptions;

  constructor(options: NameServersOptions) {
    this.#options = options;
  }

  /** What `read` makes of the first answer that it does not throw at; rejects with the last reason. */
  async ask<T>(
    question: Question,
    read: (packet: DecodedPacket) => T,
    signal: AbortSignal,
  ): Promise<T> {
    const { timeoutMs, random } = this.#options;
    const servers = this.#addresses();
    let last: unknown = new Error("no name server");
    for (const hasOptions of [true, false])
      for (const server of servers) {
        try {
          const id = Math.floor(random() * 65_536);
          const asking = { id, hasOptions, timeoutMs, signal };
          return read(await askServer(server, question, asking));
        } catch (error) {
          signal.throwIfAborted();
          last = error;
        }
      }
    throw last;
  }

  #addresses(): readonly Address[] {
    const listed = this.#options.servers ?? new promises.Resolver().getServers();
    return listed.flatMap((text) =>
      isIP(text) === 0 ? (parseAddress(text) ?? []) : { host: text, port: dnsPort },
    );
  }
}
