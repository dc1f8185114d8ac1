import type { DialFailure } from "../model/outcome.ts";

export interface EjectorOptions {
  /** Failures in a row that eject a replica. Default 3; one timeout weighs as much, since each costs a client seconds. */
  readonly failures?: number;
  /** Time of the first ejection, in ms; the nth in a row takes n times as long. Default 30,000. */
  readonly firstMs?: number;
  /** Longest ejection, in ms. Default 300,000. */
  readonly capMs?: number;
  /** One connection in this time, in ms, tries whether an ejected replica works again. Default 10,000. */
  readonly trialMs?: number;
}

interface Suspect {
  /** Weighed: what counts towards an ejection. */
  failures: number;
  inARow: number;
  /** Ejections in a row. */
  ejections: number;
  /** End of the current ejection, in ms; 0 before the first. */
  until: number;
  /** When it was last tried after an ejection, in ms. */
  triedAt: number;
}

/**
 * Takes replicas out of rotation that could not be connected several times in a row: for 30 s, 60 s, … up to 5 min,
 * never more than half of a service. A success clears everything. It remembers only what failed.
 */
export class Ejector {
  readonly #suspects = new Map<string, Suspect>();
  readonly #options: Required<EjectorOptions>;

  constructor(options: EjectorOptions = {}) {
    this.#options = { failures: 3, firstMs: 30_000, capMs: 300_000, trialMs: 10_000, ...options };
  }

  /** False while the replica is ejected, or on trial with someone else; `now` in ms of a clock that never goes back. */
  admits(key: string, now: number): boolean {
    const suspect = this.#suspects.get(key);
    if (suspect === undefined || suspect.until === 0) return true;
    return now >= suspect.until && now - suspect.triedAt >= this.#options.trialMs;
  }

  /** Notes that a connection goes to this replica. */
  picked(key: string, now: number): void {
    const suspect = this.#suspects.get(key);
    if (suspect !== undefined && suspect.until > 0) suspect.triedAt = now;
  }

  /** Notes a failure among `of` replicas; returns the time in ms for which it ejects, or undefined. */
  failed(
    key: string,
    failure: DialFailure,
    { of, now }: { of: number; now: number },
  ): number | undefined {
    // Our own shortage says nothing about the replica.
    if (failure === "local") return undefined;
    const { failures, firstMs, capMs } = this.#options;
    const suspect = this.#suspects.get(key) ?? {
      failures: 0,
      inARow: 0,
      ejections: 0,
      until: 0,
      triedAt: -Infinity,
    };
    this.#suspects.set(key, suspect);
    suspect.inARow += 1;
    suspect.failures += failure === "timeout" ? failures : 1;
    if (suspect.failures < failures || now < suspect.until) return undefined;
    if ((this.#out(key) + 1) * 2 > of) return undefined;
    suspect.ejections += 1;
    const time = Math.min(capMs, firstMs * suspect.ejections);
    suspect.until = now + time;
    return time;
  }

  /** How often it failed in a row. */
  inARow(key: string): number {
    return this.#suspects.get(key)?.inARow ?? 0;
  }

  /** Ends an ejection early: the replica gets its trial now, and is out again at its first failure. */
  forgive(key: string, now: number): void {
    const suspect = this.#suspects.get(key);
    if (suspect === undefined || suspect.until <= now) return;
    suspect.until = now;
    suspect.triedAt = -Infinity;
  }

  /** Clears the replica; true when it had been ejected. */
  succeeded(key: string): boolean {
    const suspect = this.#suspects.get(key);
    if (suspect === undefined) return false;
    this.#suspects.delete(key);
    return suspect.until > 0;
  }

  /** Forgets replicas that are gone. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#suspects.keys()) if (!keys.has(key)) this.#suspects.delete(key);
  }

  /** Others that are out now, or were and have not proven themselves since. */
  #out(except: string): number {
    let count = 0;
    for (const [key, { until }] of this.#suspects) if (key !== except && until > 0) count += 1;
    return count;
  }
}
