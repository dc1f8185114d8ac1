import type { Clock } from "../model/clock.ts";
import { bucketOf } from "../model/counters.ts";
import { syncBuckets } from "../model/figures.ts";
import type { BadAnswer } from "./answer-error.ts";
import type { SourceStatus } from "./source.ts";

/** How a stream of events can end, for those who count: a closed list, used as metric label. */
const streamEndings = ["ended", "silent", "refused", "failed"] as const;

type StreamEnding = (typeof streamEndings)[number];

/** Counts what happens to a source over its whole life, for its status and for metrics. */
export class SourceTally {
  readonly #clock: Clock;
  readonly #badAnswers = new Map<BadAnswer, number>();
  #connected = false;
  #opened = 0;
  /** How the last stream ended. */
  #ending: StreamEnding = "ended";
  readonly #eventKinds = new Map<string, number>();
  readonly #reconnects = new Map<StreamEnding, number>(streamEndings.map((ending) => [ending, 0]));
  readonly #syncTimes = new Float64Array(syncBuckets.length + 1);
  #syncTimeSum = 0;
  #events = 0;
  #syncs = 0;
  #failures = 0;
  #lastEventAt: number | undefined;
  #lastSyncAt: number | undefined;
  #lastSyncDurationMs: number | undefined;
  #syncError: string | undefined;
  #streamError: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often an answer was refused, by reason. */
  get badAnswers(): ReadonlyMap<BadAnswer, number> {
    return this.#badAnswers;
  }

  streamOpened(): void {
    this.#connected = true;
    if (this.#opened > 0) increase(this.#reconnects, this.#ending);
    this.#opened += 1;
    this.#streamError = undefined;
  }

  /** `reason` is undefined when we closed it ourselves. */
  streamClosed(reason: string | undefined): void {
    if (this.#connected && reason !== undefined) this.#ending = endingOf(reason);
    this.#connected = false;
    this.#streamError = reason;
  }

  /** `kind` is one of few: it becomes a label. */
  eventReceived(kind: string): void {
    increase(this.#eventKinds, kind);
    this.#events += 1;
    this.#lastEventAt = this.#clock();
  }

  synced(durationMs: number): void {
    this.#syncs += 1;
    this.#lastSyncAt = this.#clock();
    this.#lastSyncDurationMs = durationMs;
    const bucket = bucketOf(syncBuckets, durationMs / 1000);
    this.#syncTimes[bucket] = (this.#syncTimes[bucket] ?? 0) + 1;
    this.#syncTimeSum += durationMs / 1000;
    this.#syncError = undefined;
  }

  /** One member's answer was refused; another one may still give a good one. */
  answerRefused(reason: BadAnswer): void {
    increase(this.#badAnswers, reason);
  }

  syncFailed(reason: string): void {
    this.#failures += 1;
    this.#syncError = reason;
  }

  status(name: string, endpoint: string): SourceStatus {
    return {
      name,
      endpoint,
      connected: this.#connected,
      lastEventAt: this.#lastEventAt,
      lastSyncAt: this.#lastSyncAt,
      lastSyncDurationMs: this.#lastSyncDurationMs,
      lastError: this.#syncError ?? this.#streamError,
      events: this.#events,
      reconnects: Math.max(0, this.#opened - 1),
      syncs: this.#syncs,
      failures: this.#failures,
      counts: {
        eventKinds: this.#eventKinds,
        reconnectReasons: this.#reconnects,
        syncTimes: this.#syncTimes,
        syncTimeSum: this.#syncTimeSum,
      },
    };
  }
}

/** What is said of an ending, in one of few words. */
function endingOf(reason: string): StreamEnding {
  if (/time ?out/i.test(reason)) return "silent";
  if (/\bhttp \d{3}\b/.test(reason)) return "refused";
  return /ended|closed|terminated/.test(reason) ? "ended" : "failed";
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
