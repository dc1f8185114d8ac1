/** Asks the members of one cluster in turn, beginning with the one that answered last. */
export class Members {
  readonly #origins: readonly [string, ...string[]];
  #preferred: string;

  constructor(origins: readonly [string, ...string[]]) {
    this.#origins = origins;
    this.#preferred = origins[0];
  }

  /** The member that is asked first. */
  get preferred(): string {
    return this.#preferred;
  }

  /** The next member is asked first from now on. */
  turn(): void {
    const index = this.#origins.indexOf(this.#preferred) + 1;
    this.#preferred = this.#origins[index % this.#origins.length] ?? this.#origins[0];
  }

  /** The first answer that some member gives; rejects with the reasons of all when none does. */
  async first<T>(ask: (origin: string) => Promise<T>, signal: AbortSignal): Promise<T> {
    const reasons: string[] = [];
    for (const _ of this.#origins) {
      try {
        return await ask(this.#preferred);
      } catch (error) {
        signal.throwIfAborted();
        reasons.push(`${this.#preferred}: ${error instanceof Error ? error.message : "failed"}`);
        this.turn();
      }
    }
    throw new Error(reasons.join("; "));
  }
}
