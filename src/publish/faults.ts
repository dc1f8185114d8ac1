import { printable, type Problem } from "../model/problem.ts";

/** What kept files from being as they should, one problem for all that failed for the same reason. */
export class Faults {
  readonly #byReason = new Map<string, { readonly first: string; count: number }>();

  get count(): number {
    return this.#byReason.values().reduce((sum, { count }) => sum + count, 0);
  }

  /** Runs what concerns one file; its error becomes a fault. */
  async guard(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.add(name, error);
    }
  }

  /** `name` is of a file, or of the directory. */
  add(name: string, error: unknown): void {
    const reason = reasonOf(error);
    const known = this.#byReason.get(reason);
    if (known === undefined) this.#byReason.set(reason, { first: name, count: 1 });
    else known.count += 1;
  }

  problems(): readonly Problem[] {
    return [...this.#byReason].map(([reason, { first, count }]) => {
      const others = count === 1 ? "" : `, as for ${count - 1} more files`;
      const told = `instance file: ${reason}${others}; what was there stays, it is tried again`;
      return { kind: "held-back", subject: printable(first, 200), reason: printable(told) };
    });
  }
}

/** Without the path, which differs from file to file. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(/^([A-Z0-9]+: [^,]*),/.exec(message)?.[1] ?? message, 200);
}
