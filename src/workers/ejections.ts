import type { ReplicaReport } from "../engine/route.ts";
import type { Route } from "../routing/table.ts";

/** Why a replica is out of rotation; times in ms since the epoch. */
export interface Ejection {
  readonly reason: string;
  readonly since: number;
  /** When it may be tried again. */
  readonly until: number;
}

/** The last that connections showed of a replica, in one word and with its reason. */
interface ConnectionWord {
  readonly says: "failing" | "ejected" | "on trial";
  readonly reason: string;
  /** When it was learnt, in ms since the epoch. */
  readonly at: number;
}

/** What one worker's connections showed of one replica, since they last found it well. */
interface Found {
  readonly trouble: { readonly reason: string; readonly at: number } | undefined;
  /** Its ejection, also when its time is over: until it has proven itself it is on trial. */
  readonly ejection: Ejection | undefined;
}

const nothing: Found = { trouble: undefined, ejection: undefined };

/** What the workers' connections showed of replicas: who has trouble, who is ejected, by whom, and why. */
export class Ejections {
  readonly #clock: () => number;
  readonly #workers: number;
  /** By replica, then by worker. */
  readonly #found = new Map<string, Map<number, Found>>();

  constructor(clock: () => number, workers: number) {
    this.#clock = clock;
    this.#workers = workers;
  }

  note(worker: number, report: ReplicaReport): void {
    const id = `${report.key} ${report.replica}`;
    const workers = this.#found.get(id) ?? new Map<number, Found>();
    const before = workers.get(worker) ?? nothing;
    const now = this.#clock();
    switch (report.kind) {
      case "suspect":
        workers.set(worker, { ...before, trouble: { reason: troubleOf(report), at: now } });
        break;
      case "ejected": {
        const reason = `ejected for ${Math.round(report.forMs / 1000)} s: ${report.reason}`;
        // Not since the first one: whether probes find it well is asked of the time after the last.
        const ejection = { reason, since: now, until: now + report.forMs };
        workers.set(worker, { ...before, ejection });
        break;
      }
      case "readmitted":
      case "well":
        workers.delete(worker);
        break;
    }
    if (workers.size === 0) this.#found.delete(id);
    else this.#found.set(id, workers);
  }

  /** Ends the ejection of a replica in every worker; it goes on trial. */
  forgive(key: string, replica: string): void {
    const workers = this.#found.get(`${key} ${replica}`);
    const now = this.#clock();
    for (const [worker, found] of workers ?? []) {
      const { ejection } = found;
      if (ejection === undefined || ejection.until <= now) continue;
      workers?.set(worker, { ...found, ejection: { ...ejection, until: now } });
    }
  }

  /** Every present ejection, also by some workers only. */
  *all(): Iterable<{ readonly key: string; readonly replica: string; readonly since: number }> {
    for (const id of this.#found.keys()) {
      const [key = "", replica = ""] = id.split(" ");
      const [oldest] = this.#present(key, replica);
      if (oldest !== undefined) yield { key, replica, since: oldest.since };
    }
  }

  /** Forgets what a worker that died had found. */
  forget(worker: number): void {
    for (const [id, workers] of this.#found) {
      workers.delete(worker);
      if (workers.size === 0) this.#found.delete(id);
    }
  }

  /** Forgets replicas that these routes no longer have. */
  keepOnly(routes: readonly Route[]): void {
    if (this.#found.size === 0) return;
    const known = new Set(
      routes.flatMap((route) => route.replicas.map(({ key }) => `${route.key} ${key}`)),
    );
    for (const id of this.#found.keys()) if (!known.has(id)) this.#found.delete(id);
  }

  /** The present ejection of a replica, the oldest one; undefined while some worker still picks it. */
  of(key: string, replica: string): Ejection | undefined {
    const present = this.#present(key, replica);
    return present.length < this.#workers ? undefined : present[0];
  }

  /** What connections show of a replica; undefined when the last ones found it well. */
  wordOf(key: string, replica: string): ConnectionWord | undefined {
    const present = this.#present(key, replica);
    const [ejection] = present;
    if (ejection !== undefined) {
      const isAlone = present.length === this.#workers;
      const who = isAlone ? "" : `in ${present.length} of ${this.#workers} workers `;
      return { says: "ejected", reason: `${who}${ejection.reason}`, at: ejection.since };
    }
    const found = [...(this.#found.get(`${key} ${replica}`)?.values() ?? [])];
    const onTrial = found.map((one) => one.ejection).find((one) => one !== undefined);
    if (onTrial !== undefined) {
      const reason = `one connection in ten seconds, until one succeeds; was ${onTrial.reason}`;
      return { says: "on trial", reason, at: onTrial.until };
    }
    const troubles = found.flatMap(({ trouble }) => trouble ?? []);
    const [newest] = troubles.toSorted((one, other) => other.at - one.at);
    return newest === undefined ? undefined : { says: "failing", ...newest };
  }

  #present(key: string, replica: string): Ejection[] {
    const now = this.#clock();
    return [...(this.#found.get(`${key} ${replica}`)?.values() ?? [])]
      .flatMap(({ ejection }) => ejection ?? [])
      .filter(({ until }) => until > now)
      .toSorted((one, other) => one.since - other.since);
  }
}

function troubleOf({
  failure,
  inARow,
}: Extract<ReplicaReport, { readonly kind: "suspect" }>): string {
  if (inARow === 0) return "it reset a connection that had begun";
  const times = inARow === 1 ? "a connection" : `at least ${inARow} connections in a row`;
  return `${times} failed, the last one by ${failure}`;
}
