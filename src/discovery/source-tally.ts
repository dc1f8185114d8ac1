import type { Clock } from "../model/clock.ts";
import type { BadAnswer } from "./answer-error.ts";
import type { SourceStatus } from "./source.ts";

/** Counts what happens to a source over its whole life, for its status and for metrics. */
export class SourceTally {
  readonly #clock: Clock;
  readonly #badAnswers = new Map<BadAnswer, number>();
  #connected = false;
  #opened = 0;
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
    this.#opened += 1;
    this.#streamError = undefined;
  }

  /** `reason` is undefined when we closed it ourselves. */
  streamClosed(reason: string | undefined): void {
    this.#connected = false;
    this.#streamError = reason;
  }

  eventReceived(): void {
    this.#events += 1;
    this.#lastEventAt = this.#clock();
  }

  synced(durationMs: number): void {
    this.#syncs += 1;
    this.#lastSyncAt = this.#clock();
    this.#lastSyncDurationMs = durationMs;
    this.#syncError = undefined;
  }

  /** One member's answer was refused; another one may still give a good one. */
  answerRefused(reason: BadAnswer): void {
    this.#badAnswers.set(reason, (this.#badAnswers.get(reason) ?? 0) + 1);
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
    };
  }
}
