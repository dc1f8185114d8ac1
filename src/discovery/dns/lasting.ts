import type { Told } from "./answers.ts";

/** Bounds of how long an answer is good, in ms. */
export interface Bounds {
  readonly leastMs: number;
  readonly mostMs: number;
  /** For an answer that does not say. */
  readonly otherwiseMs: number;
}

interface Entry<T> {
  readonly value: T | undefined;
  readonly dueAt: number;
}

/** The newest answer of each name, kept when asking again fails; times are of any clock that does not go back. */
export class Lasting<T> {
  readonly #bounds: Bounds;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  of(name: string): T | undefined {
    return this.#entries.get(name)?.value;
  }

  isDue(name: string, now: number): boolean {
    return (this.#entries.get(name)?.dueAt ?? -Infinity) <= now;
  }

  take(name: string, { value, ttlMs }: Told<T>, now: number): void {
    const { leastMs, mostMs, otherwiseMs } = this.#bounds;
    const lastsMs = Math.min(mostMs, Math.max(leastMs, ttlMs ?? otherwiseMs));
    this.#entries.set(name, { value, dueAt: now + lastsMs });
  }

  /** What is known stays; it is asked for again after `retryMs`. */
  failed(name: string, now: number, retryMs: number): void {
    this.#entries.set(name, { value: this.of(name), dueAt: now + retryMs });
  }

  /** Forgets all names but these. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#entries.keys()) if (!names.has(name)) this.#entries.delete(name);
  }

  /** All answers are old from now on. */
  expire(): void {
    for (const [name, { value }] of this.#entries)
      this.#entries.set(name, { value, dueAt: -Infinity });
  }

  /** When the first answer is to be renewed; Infinity for none. */
  get nextAt(): number {
    return Math.min(Infinity, ...new Set([...this.#entries.values()].map(({ dueAt }) => dueAt)));
  }
}
