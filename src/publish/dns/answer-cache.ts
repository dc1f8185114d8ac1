import { decode } from "dns-packet";

export interface AnswerCacheOptions {
  /** The oldest goes when there would be more. */
  readonly mostAnswers: number;
  /** Nothing is kept longer, in ms, so that the times to live in it need not be made younger. */
  readonly longestMs: number;
  /** Time in ms, from any beginning. */
  readonly now: () => number;
}

interface Kept {
  readonly answer: Buffer;
  readonly until: number;
}

/** Other servers' answers for a short time. */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  get(key: string): Buffer | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.until > this.#options.now()) return kept?.answer;
    this.#kept.delete(key);
    return undefined;
  }

  /** Keeps an answer for as long as its own records allow; failures and what cannot be read are not kept. */
  put(key: string, answer: Buffer): void {
    const { mostAnswers, longestMs, now } = this.#options;
    const forMs = Math.min(lifetimeMs(answer), longestMs);
    if (forMs <= 0) return;
    this.#kept.delete(key);
    this.#kept.set(key, { answer, until: now() + forMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostAnswers && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** The shortest time to live of its records. An answer without any says nothing of how long it holds. [rfc2308 §5] */
function lifetimeMs(answer: Buffer): number {
  try {
    const { answers = [], authorities = [], flag_tc: isCut } = decode(answer);
    // No error, or the name does not exist: anything else may pass at once.
    const code = (answer[3] ?? 0) & 0x0f;
    if (isCut || (code !== 0 && code !== 3)) return 0;
    const times = [...answers, ...authorities].map((record) =>
      "ttl" in record ? (record.ttl ?? 0) : 0,
    );
    return times.length === 0 ? 0 : Math.min(...times) * 1000;
  } catch {
    // The client may make more of it than the library does.
    return 0;
  }
}
