import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";
import { trailersOf, type RawFields } from "./fields.ts";

export interface DownloadOptions {
  readonly answer: Answer;
  readonly upstream: Socket;
}

/** The body of one answer on its way to the client, read no faster than the client takes it. */
export class Download {
  readonly #options: DownloadOptions;
  #isEnded = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
  }

  /** Passes on a piece; the last one ends the answer. */
  write(bytes: Buffer, isLast: boolean): void {
    const { answer, upstream } = this.#options;
    if (isLast) {
      this.#isEnded = true;
      answer.end(bytes, []);
    } else if (!answer.write(bytes, this.#onDrained)) upstream.pause();
  }

  /** The answer is whole. */
  finish(trailers: RawFields): void {
    if (!this.#isEnded) this.#options.answer.end(undefined, trailersOf(trailers));
  }

  readonly #onDrained = (): void => {
    this.#options.upstream.resume();
  };
}
