import type { ServerResponse } from "node:http";
import type { DialectRules } from "./dialect.ts";

/** How one stream behaves. */
export interface EventStreamOptions {
  readonly heartbeatMs: number;
  /** Events held while the client does not read. */
  readonly outstanding: number;
  readonly slowConsumer: DialectRules["slowConsumer"];
  /** While it says true, nothing is written. */
  readonly isSilent: () => boolean;
  readonly onClosed: () => void;
}

/**
 * Writes one event stream as Jetty does: one batch at a time, whole frames, and a heartbeat whose CR and LF are
 * written apart. The response must have its head out already. [marathon: event stream]
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  #outstanding: Buffer[] = [];
  #writing = false;
  #beatIsDue = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
    response.once("close", () => {
      clearTimeout(this.#timer);
      this.#outstanding = [];
      options.onClosed();
    });
    this.#scheduleBeat();
  }

  /** Queues one frame; a client too slow for it loses the frame or the stream, as the dialect has it. */
  push(frame: Buffer): void {
    if (this.#options.isSilent()) return;
    if (this.#writing && this.#outstanding.length >= this.#options.outstanding) {
      if (this.#options.slowConsumer === "close") this.#response.destroy();
      return;
    }
    this.#outstanding.push(frame);
    this.#pump();
  }

  /** Ends the body plainly, without a farewell. */
  close(): void {
    clearTimeout(this.#timer);
    this.#response.end();
  }

  #scheduleBeat(): void {
    this.#timer = setTimeout(() => {
      this.#beatIsDue = !this.#options.isSilent();
      this.#pump();
      this.#scheduleBeat();
    }, this.#options.heartbeatMs);
  }

  #pump(): void {
    if (this.#writing || this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#beatIsDue) {
      this.#beatIsDue = false;
      // The LF waits a turn of the loop, or both would reach a reader in one piece.
      this.#write("\r", () => {
        setImmediate(() => this.#write("\n", () => this.#next()));
      });
    } else if (this.#outstanding.length > 0) {
      const batch = Buffer.concat(this.#outstanding);
      this.#outstanding = [];
      this.#write(batch, () => this.#next());
    }
  }

  #next(): void {
    this.#writing = false;
    this.#pump();
  }

  #write(bytes: Buffer | string, done: () => void): void {
    this.#writing = true;
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(bytes, (error) => {
      // A broken stream is over; its `close` event does what is left to do.
      if (error === null || error === undefined) done();
    });
  }
}
