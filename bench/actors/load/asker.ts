import type { Address } from "../../../src/model/address.ts";
import { Client } from "./client.ts";
import type { Score } from "./score.ts";

export interface AskerOptions {
  readonly target: Address;
  /** By HTTP; default false. */
  readonly isHttp?: boolean;
  readonly request: Buffer;
  readonly score: Score;
  /** Nothing is under way any more: the next request may come. */
  readonly idle: () => void;
}

/** Sends a request when told and scores the answer. */
export interface Asker {
  /** `dueAt` is when the request was to be sent, in ms of `performance.now()`: its latency counts from then. */
  ask(dueAt: number): void;
  close(): void;
}

/** After a failure, so that a dead target is not asked in a busy loop. */
const pauseMs = 10;

/** One connection for all requests, one request at a time; a lost connection is a failure and is opened again. */
export class LastingAsker implements Asker {
  readonly #options: AskerOptions;
  #client: Client;
  #due: number[] = [];
  #isClosed = false;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#client = this.#open();
  }

  ask(dueAt: number): void {
    this.#due.push(dueAt);
    if (this.#due.length === 1) this.#client.send(this.#options.request);
  }

  close(): void {
    this.#isClosed = true;
    this.#client.destroy();
  }

  #open(): Client {
    const { target, isHttp = false } = this.#options;
    return new Client({
      target,
      isHttp,
      answered: ({ word }) => this.#answered(word),
      closed: (error) => this.#lost(error),
    });
  }

  #answered(replica: number): void {
    const { score, request, idle } = this.#options;
    const dueAt = this.#due.shift();
    if (dueAt === undefined) {
      score.failed("an answer that nobody asked for");
      return;
    }
    score.completed(performance.now() - dueAt, replica);
    if (this.#due.length > 0) this.#client.send(request);
    else idle();
  }

  #lost(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#options.score.failed(reasonOf(error));
    this.#due = [];
    setTimeout(() => {
      if (this.#isClosed) return;
      this.#client = this.#open();
      this.#options.idle();
    }, pauseMs);
  }
}

/** A new connection for each request, closed by us after the answer. */
export class FreshAsker implements Asker {
  readonly #options: AskerOptions;
  #isClosed = false;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  ask(dueAt: number): void {
    const { target, isHttp = false, request, score, idle } = this.#options;
    let isAnswered = false;
    const client = new Client({
      target,
      isHttp,
      answered: ({ word }) => {
        isAnswered = true;
        score.completed(performance.now() - dueAt, word);
        client.end();
        if (!this.#isClosed) idle();
      },
      closed: (error) => {
        if (this.#isClosed || (isAnswered && error === undefined)) return;
        score.failed(reasonOf(error));
        if (!isAnswered) setTimeout(() => this.#isClosed || idle(), pauseMs);
      },
    });
    client.send(request);
  }

  close(): void {
    this.#isClosed = true;
  }
}

function reasonOf(error: Error | undefined): string {
  if (error === undefined) return "closed without an answer";
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
