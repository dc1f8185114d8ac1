import { randomInt } from "node:crypto";
import type { Address } from "../../model/address.ts";
import { AnswerCache } from "./answer-cache.ts";
import { headerBytes } from "../../nameserver/message.ts";
import { type Query } from "./query.ts";
import { optRecord } from "./record-body.ts";
import type { Transport } from "./responder.ts";
import { askByTcp, askByUdp, type Outgoing } from "../../nameserver/ask.ts";

export interface ForwarderOptions {
  /** Asked one after the other, beginning with the one that answered last. IP literals. */
  readonly servers: readonly Address[];
  /** For each of them, in ms. */
  readonly timeoutMs: number;
  /** Questions under way at the same time; more fail at once. */
  readonly mostPending: number;
  /** Time in ms, from any beginning. */
  readonly now: () => number;
}

/** Numbers since the start. */
export interface ForwarderFigures {
  readonly asked: number;
  readonly fromCache: number;
  readonly failures: number;
}

const mostAnswers = 1000;
const longestMs = 5000;
const recursionDesired = 0x01_00;
const mostDatagram = 1232;
const leastDatagram = 512;

/** Asks other servers what we do not know. What goes out is written anew, so that no client's bytes reach them but its question. */
export class Forwarder implements AsyncDisposable {
  readonly #options: ForwarderOptions;
  readonly #cache: AnswerCache;
  readonly #life = new AbortController();
  readonly #pending = new Map<string, Promise<Buffer | undefined>>();
  #first = 0;
  #asked = 0;
  #fromCache = 0;
  #failures = 0;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#cache = new AnswerCache({ mostAnswers, longestMs, now: options.now });
  }

  figures(): ForwarderFigures {
    return { asked: this.#asked, fromCache: this.#fromCache, failures: this.#failures };
  }

  /** Another server's answer in the client's letters; undefined when none could be had. */
  async ask(query: Query, transport: Transport): Promise<Buffer | undefined> {
    const key = keyOf(query, transport);
    const kept = this.#cache.get(key);
    if (kept !== undefined) {
      this.#fromCache += 1;
      return inWordsOf(query, kept);
    }
    let asking = this.#pending.get(key);
    if (asking === undefined) {
      if (this.#pending.size >= this.#options.mostPending) return undefined;
      asking = this.#askOnce(key, query, transport);
      this.#pending.set(key, asking);
    }
    const answer = await asking;
    return answer === undefined ? undefined : inWordsOf(query, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new Error("closed"));
    await Promise.allSettled(this.#pending.values());
  }

  async #askOnce(key: string, query: Query, transport: Transport): Promise<Buffer | undefined> {
    try {
      const answer = await this.#askAll(toOutgoing(query), transport);
      if (answer === undefined) this.#failures += 1;
      else this.#cache.put(key, answer);
      return answer;
    } finally {
      this.#pending.delete(key);
    }
  }

  async #askAll(outgoing: Outgoing, transport: Transport): Promise<Buffer | undefined> {
    const { servers, timeoutMs } = this.#options;
    const first = this.#first;
    const ask = transport === "tcp" ? askByTcp : askByUdp;
    for (let turn = 0; turn < servers.length && !this.#life.signal.aborted; turn += 1) {
      const index = (first + turn) % servers.length;
      const server = servers[index];
      if (server === undefined) break;
      this.#asked += 1;
      try {
        const answer = await ask(server, outgoing, { timeoutMs, signal: this.#life.signal });
        this.#first = index;
        return answer;
      } catch {
        // The next one is asked; when there is none left, the client hears of the failure and it is counted.
      }
    }
    return undefined;
  }
}

/** All that makes a difference to the answer. */
function keyOf({ question, edns }: Query, transport: Transport): string {
  const option = edns === undefined ? "plain" : `${edns.size} ${edns.wantsSignatures}`;
  return `${transport} ${option} ${question.toString("latin1").toLowerCase()}`;
}

function toOutgoing({ question, edns }: Query): Outgoing {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(randomInt(65_536), 0);
  header.writeUInt16BE(recursionDesired, 2);
  header.writeUInt16BE(1, 4);
  if (edns === undefined) return { message: Buffer.concat([header, question]), question };
  header.writeUInt16BE(1, 10);
  const size = Math.min(Math.max(edns.size, leastDatagram), mostDatagram);
  const opt = optRecord({ size, wantsSignatures: edns.wantsSignatures }, 0);
  return { message: Buffer.concat([header, question, opt]), question };
}

/** A copy with the client's id, and its question as it wrote it. */
function inWordsOf({ id, question }: Query, answer: Buffer): Buffer {
  const reply = Buffer.from(answer);
  reply.writeUInt16BE(id, 0);
  question.copy(reply, headerBytes);
  return reply;
}
