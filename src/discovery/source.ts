import type { SourceCounts } from "../model/figures.ts";
import type { Problem } from "../model/problem.ts";
import type { Service } from "../model/service.ts";

/** Everything a source knows at one moment: the whole truth, never a difference. */
export interface SourceState {
  readonly services: readonly Service[];
  /** Items that were skipped or clamped, with the reason; they harmed nothing else. */
  readonly problems: readonly Problem[];
  /** Ids of apps and tasks that the source itself reported gone, so that their loss needs no second look. */
  readonly confirmedGone: ReadonlySet<string>;
  /** Which full look this rests on; states between two looks repeat it. Absent where every state is a look. */
  readonly look?: number;
  /**
   * Until then its word on what is gone is not to be relied on, in ms of `performance.now()`: who answers has changed.
   * Absent where nothing of the kind is known.
   */
  readonly settlesAt?: number;
  /** Names of its replicas are still asked for, for the first time: what it lacks is not lost. Absent for a whole state. */
  readonly isPartial?: boolean;
}

/** How a source is doing, for `/api/sources` and metrics. Times are ms since the epoch. */
export interface SourceStatus {
  readonly name: string;
  /** Where it reads from now, without credentials. */
  readonly endpoint: string;
  /** True while changes are pushed to us, rather than only polled. */
  readonly connected: boolean;
  readonly lastEventAt: number | undefined;
  readonly lastSyncAt: number | undefined;
  readonly lastSyncDurationMs: number | undefined;
  readonly lastError: string | undefined;
  readonly events: number;
  readonly reconnects: number;
  readonly syncs: number;
  readonly failures: number;
  readonly counts: SourceCounts;
}

/**
 * Something that yields services. It yields a full state first, then a full state per change; while it cannot
 * read, it yields nothing and reports the failure in its status; after the signal aborts, it yields nothing more.
 */
export interface Source {
  readonly name: string;
  run(signal: AbortSignal): AsyncIterable<SourceState>;
  status(): SourceStatus;
  /** Asks for a fresh look soon, out of turn. */
  resync(): void;
}
