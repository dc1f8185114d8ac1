import type { Writable } from "node:stream";

export interface LogOutputOptions {
  readonly stream: Writable;
  /** Bytes that may wait for a slow reader; more is dropped and counted. */
  readonly queueBytes: number;
  /** Bytes to gather before writing; 0 writes each line at once. */
  readonly batchBytes: number;
}

const batchMs = 100;
const longestChunk = 64 * 1024;
const closeMs = 1000;

/**
 * A bounded queue in front of a stream, with one write under way at a time, so that a reader that stalls costs a
 * fixed amount of memory and one that dies costs nothing but the log.
 *
 * It takes the place of pino's own destination, which writes on libuv's thread pool: measured with a stalled pipe, that
 * keeps the process from ever exiting, since both its flush at exit and libuv wait for the blocked write.
 */
export class LogOutput {
  readonly #options: LogOutputOptions;
  #lines: string[] = [];
  #waitingBytes = 0;
  #inFlight: { readonly lines: number; readonly bytes: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOff = false;
  #dropped = 0;
  #idle: (() => void) | undefined;

  constructor(options: LogOutputOptions) {
    this.#options = options;
    // Never removed: a late error of a stream that is not ours to destroy must still find a listener.
    options.stream.on("error", this.#onError);
  }

  /** Lines that never reached the stream. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    const waiting = this.#waitingBytes + (this.#inFlight?.bytes ?? 0);
    if (this.#isOff || waiting + bytes > this.#options.queueBytes) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > this.#options.batchBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), batchMs).unref();
  }

  /** Hands over what waits, as far as the stream takes it now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#inFlight === undefined && this.#lines.length > 0) this.#send(this.#takeChunk());
  }

  /** For the moment of exit: hands over everything in one piece, since no callback will come any more. */
  flushLast(): void {
    const lines = this.#lines;
    this.#lines = [];
    this.#waitingBytes = 0;
    if (lines.length > 0) this.#options.stream.write(lines.join(""));
  }

  /** Gives what waits up to a second to leave; later lines are dropped. */
  async close(): Promise<void> {
    this.flush();
    if (this.#inFlight !== undefined) await this.#untilIdle();
    this.#turnOff();
  }

  #takeChunk(): readonly string[] {
    let count = 0;
    for (let bytes = 0; count < this.#lines.length && bytes < longestChunk; count += 1) {
      bytes += Buffer.byteLength(this.#lines[count] ?? "");
    }
    return this.#lines.splice(0, count);
  }

  #send(lines: readonly string[]): void {
    const chunk = Buffer.from(lines.join(""));
    this.#waitingBytes -= chunk.length;
    this.#inFlight = { lines: lines.length, bytes: chunk.length };
    this.#options.stream.write(chunk, this.#onSent);
  }

  readonly #onSent = (error?: Error | null): void => {
    if (error) this.#dropped += this.#inFlight?.lines ?? 0;
    this.#inFlight = undefined;
    if (this.#lines.length > 0) this.flush();
    else this.#idle?.();
  };

  /** A full disk may have room again, and stdout survives its errors; a reader that is gone stays gone. [node: process.stdout] */
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE" || error.code === "EBADF" || !this.#options.stream.writable)
      this.#turnOff();
  };

  #turnOff(): void {
    this.#isOff = true;
    this.#dropped += this.#lines.length;
    this.#lines = [];
    this.#waitingBytes = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#idle?.();
  }

  #untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      const deadline = setTimeout(resolve, closeMs);
      this.#idle = () => {
        clearTimeout(deadline);
        resolve();
      };
    });
  }
}
