import type { AccessBatch, AccessRecord, AccessSink } from "../model/access.ts";

export interface AccessQueueOptions {
  readonly send: (batch: AccessBatch) => void;
  /** Records that may wait here. Default 4096. */
  readonly limit?: number;
  /** Batches that may be on their way at the same time. Default 4. */
  readonly mostUnderWay?: number;
  /** Longest wait for a batch to fill, in ms. Default 100. */
  readonly gatherMs?: number;
}

/** Records in one batch. */
const mostInBatch = 512;

/**
 * What a worker has to say for the access log: gathered in batches, sent while those before are being taken, and lost, but
 * counted, when the log cannot keep up. Forwarding never waits for it.
 */
export class AccessQueue implements AccessSink {
  readonly #options: Required<AccessQueueOptions>;
  #waiting: AccessRecord[] = [];
  #underWay = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AccessQueueOptions) {
    this.#options = { limit: 4096, mostUnderWay: 4, gatherMs: 100, ...options };
  }

  note(record: AccessRecord): void {
    if (this.#waiting.length >= this.#options.limit) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(record);
    if (this.#waiting.length >= mostInBatch) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.gatherMs);
  }

  /** The log has taken a batch. */
  taken(): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
    this.flush();
  }

  /** Sends what waits, as far as there is room. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { send, mostUnderWay } = this.#options;
    while (this.#waiting.length > 0 && this.#underWay < mostUnderWay) {
      this.#underWay += 1;
      send({
        records: this.#waiting.splice(0, mostInBatch),
        at: performance.now(),
        dropped: this.#dropped,
      });
      this.#dropped = 0;
    }
  }
}
