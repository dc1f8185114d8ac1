/** What is shown of a source; times in ms since the epoch. */
export interface ShownSource {
  readonly name: string;
  readonly endpoint: string;
  readonly connected: boolean;
  readonly lastEventAt: number | undefined;
  readonly lastSyncAt: number | undefined;
  readonly lastSyncDurationMs: number | undefined;
  readonly lastError: string | undefined;
  readonly events: number;
  readonly reconnects: number;
  readonly syncs: number;
  readonly failures: number;
  /** For metrics, not for people. */
  readonly counts?: unknown;
}

/** A source in the answer of `/api/sources`: what never happened is null, `ageSeconds` is the time since the last full look. */
export function viewSource(source: ShownSource, now: number): Record<string, unknown> {
  const { lastEventAt, lastSyncAt, lastSyncDurationMs, lastError, counts: _, ...rest } = source;
  return {
    ...rest,
    lastEvent: toIso(lastEventAt),
    lastSync: toIso(lastSyncAt),
    ageSeconds: lastSyncAt === undefined ? null : Math.max(0, now - lastSyncAt) / 1000,
    lastSyncDurationMs: lastSyncDurationMs ?? null,
    lastError: lastError ?? null,
  };
}

function toIso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
