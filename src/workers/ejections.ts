import type { ReplicaReport } from "../engine/route.ts";
import type { Route } from "../routing/table.ts";

/** Why a replica is out of rotation in at least one worker; times in ms since the epoch. */
export interface Ejection {
  readonly reason: string;
  readonly since: number;
  /** When it may be tried again. */
  readonly until: number;
}

/** What the workers' connections showed of replicas: who is ejected, by whom, and why. */
export class Ejections {
  readonly #clock: () => number;
  readonly #byReplica = new Map<string, Map<number, Ejection>>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  note(worker: number, report: ReplicaReport): void {
    const id = `${report.key} ${report.replica}`;
    const workers = this.#byReplica.get(id) ?? new Map<number, Ejection>();
    if (report.kind === "ejected") {
      const seconds = Math.round(report.forMs / 1000);
      const reason = `ejected for ${seconds} s: ${report.reason}`;
      const now = this.#clock();
      const since = workers.get(worker)?.since ?? now;
      workers.set(worker, { reason, since, until: now + report.forMs });
      this.#byReplica.set(id, workers);
      return;
    }
    workers.delete(worker);
    if (workers.size === 0) this.#byReplica.delete(id);
  }

  /** Ends the ejection of a replica in every worker. */
  forgive(key: string, replica: string): void {
    this.#byReplica.delete(`${key} ${replica}`);
  }

  /** Every present ejection. */
  *all(): Iterable<{ readonly key: string; readonly replica: string; readonly since: number }> {
    for (const id of this.#byReplica.keys()) {
      const [key = "", replica = ""] = id.split(" ");
      const ejection = this.of(key, replica);
      if (ejection !== undefined) yield { key, replica, since: ejection.since };
    }
  }

  /** Forgets what a worker that died had found. */
  forget(worker: number): void {
    for (const [id, workers] of this.#byReplica) {
      workers.delete(worker);
      if (workers.size === 0) this.#byReplica.delete(id);
    }
  }

  /** Forgets replicas that these routes no longer have. */
  keepOnly(routes: readonly Route[]): void {
    if (this.#byReplica.size === 0) return;
    const known = new Set(
      routes.flatMap((route) => route.replicas.map(({ key }) => `${route.key} ${key}`)),
    );
    for (const id of this.#byReplica.keys()) if (!known.has(id)) this.#byReplica.delete(id);
  }

  /** The present ejection of a replica, the oldest where several workers have one. */
  of(key: string, replica: string): Ejection | undefined {
    const workers = this.#byReplica.get(`${key} ${replica}`);
    if (workers === undefined) return undefined;
    const now = this.#clock();
    return [...workers.values()]
      .filter(({ until }) => until > now)
      .toSorted((one, other) => one.since - other.since)[0];
  }
}
