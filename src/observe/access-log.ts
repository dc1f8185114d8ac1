import type { Writable } from "node:stream";
import type { AccessBatch } from "../model/access.ts";
import { formatAccess, type AccessFormat } from "./access-line.ts";
import { LogOutput } from "./log-output.ts";

export interface AccessLogOptions {
  readonly format: AccessFormat;
  /** Never closed by the log. */
  readonly destination: Writable;
  /** In ms since the epoch. */
  readonly clock: () => number;
  /** The service now behind a key, `webapp.demo:1234`; undefined when it is gone. */
  readonly nameOf: (key: string) => string | undefined;
  /** Bytes that may wait for a slow reader. Default: 4 MiB. */
  readonly queueBytes?: number;
}

const batchBytes = 16_384;

/** Writes the access log: what its reader is too slow for is lost and counted, and nobody waits. */
export class AccessLog implements AsyncDisposable {
  readonly #options: AccessLogOptions;
  readonly #output: LogOutput;
  #lost = 0;

  constructor(options: AccessLogOptions) {
    const { destination: stream, queueBytes = 4 * 1024 * 1024 } = options;
    this.#options = options;
    this.#output = new LogOutput({ stream, queueBytes, batchBytes });
  }

  write({ records, at, dropped }: AccessBatch): void {
    const { clock, nameOf, format } = this.#options;
    // The clocks of threads begin at different moments; how long ago something was is the same to all.
    const now = clock();
    this.#lost += dropped;
    for (const record of records) {
      const startedAt = now - (at - record.startedAt);
      const service =
        record.service === undefined ? undefined : serviceName(record.service, nameOf);
      this.#output.write(`${formatAccess(record, { startedAt, service }, format)}\n`);
    }
  }

  /** Lines that were lost, on their way here or because the reader was too slow or gone. */
  dropped(): number {
    return this.#lost + this.#output.dropped;
  }

  /** Gives waiting lines up to a second to leave. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output.close();
  }
}

function serviceName(key: string, nameOf: AccessLogOptions["nameOf"]): string {
  return nameOf(key) ?? key;
}
