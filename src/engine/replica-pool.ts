import type { DialFailure } from "../model/outcome.ts";
import { makePicker } from "../routing/balancing/make-picker.ts";
import type { Picker } from "../routing/balancing/picker.ts";
import { rampedWeight } from "../routing/balancing/slow-start.ts";
import type { EngineReplica, EngineReport, EngineRoute } from "./route.ts";
import type { Tally } from "./tally.ts";
import { Ejector } from "./ejector.ts";

export interface ReplicaPoolOptions {
  readonly tally: Tally;
  readonly random: () => number;
  readonly report: (report: EngineReport) => void;
}

/** What came of asking for a replica. */
export type Choice =
  | { readonly kind: "replica"; readonly replica: EngineReplica }
  /** Someone could serve, but has no room now. */
  | { readonly kind: "full" }
  | { readonly kind: "none" };

/** Failing open is said once in this time, in ms. */
const failOpenQuietMs = 60_000;

/** Trouble with one replica is said once in this time, in ms. */
const suspicionQuietMs = 500;

/** The replicas of one service as its connections see them: who may be picked, who is full, ejected or still warming up. */
export class ReplicaPool {
  readonly #options: ReplicaPoolOptions;
  readonly #ejector = new Ejector();
  /** When replicas joined a service that was already being served, in ms; those of the beginning are not new. */
  readonly #joinedAt = new Map<string, number>();
  #route: EngineRoute;
  #up: readonly EngineReplica[];
  #picker: Picker<EngineReplica>;
  /** The time of the pick that is under way. */
  #now = 0;
  /** True while ejection is not looked at, since it alone would leave nobody. */
  #lenient = false;
  #failedOpenAt = -Infinity;
  /** When trouble with a replica was said last, in ms; only of those that had some. */
  readonly #suspectedAt = new Map<string, number>();
  /** Those of which the last thing said was trouble. */
  readonly #troubled = new Set<string>();

  constructor(route: EngineRoute, options: ReplicaPoolOptions) {
    this.#options = options;
    this.#route = route;
    this.#up = usable(route);
    this.#picker = this.#makePicker();
  }

  retarget(route: EngineRoute): void {
    const { policy: old } = this.#route;
    const before = new Map(this.#up.map(({ key, task }) => [key, task]));
    this.#route = route;
    this.#up = usable(route);
    const now = performance.now();
    const keys = new Set(this.#up.map(({ key }) => key));
    const isNew = ({ key, task }: EngineReplica): boolean => before.get(key) !== task;
    const fresh = this.#up.filter((replica) => isNew(replica)).map(({ key }) => key);
    for (const key of fresh) {
      this.#joinedAt.set(key, now);
      this.#readmit(key);
    }
    for (const key of this.#joinedAt.keys()) if (!keys.has(key)) this.#joinedAt.delete(key);
    for (const key of this.#suspectedAt.keys()) if (!keys.has(key)) this.#suspectedAt.delete(key);
    const listed = new Set(route.replicas.map(({ key }) => key));
    for (const key of this.#troubled) if (!listed.has(key)) this.#troubled.delete(key);
    // What leaves and comes back, or is another task on the same address, is judged anew.
    this.#ejector.keepOnly(keys);
    const same = old.balance === route.policy.balance && old.locality === route.policy.locality;
    this.#picker = same ? this.#picker.over(this.#up) : this.#makePicker();
  }

  /** Picks a replica that is none of `excluded` and takes a place on it. */
  choose(excluded: readonly EngineReplica[], client: string | undefined): Choice {
    this.#now = performance.now();
    const { replicaLimit } = this.#route.policy;
    let refused = excluded;
    for (;;) {
      const replica =
        this.#picker.pick(refused, client) ?? this.#pickEjected(excluded, refused, client);
      if (replica === undefined) {
        const isFull = refused !== excluded || this.#isAnyoneFull(excluded);
        return { kind: isFull ? "full" : "none" };
      }
      if (this.#options.tally.occupied(replica.row, replicaLimit)) {
        this.#ejector.picked(replica.key, this.#now);
        return { kind: "replica", replica };
      }
      // Another worker was faster.
      refused = [...refused, replica];
    }
  }

  /** Takes a place on this very replica, if it is up, not ejected and has room; one being emptied keeps its own. */
  claim(key: string): EngineReplica | undefined {
    this.#now = performance.now();
    const replica = this.#up.find((one) => one.key === key);
    if (replica === undefined || !this.#ejector.admits(key, this.#now)) return undefined;
    const { tally } = this.#options;
    if (!tally.occupied(replica.row, this.#route.policy.replicaLimit)) return undefined;
    this.#ejector.picked(key, this.#now);
    return replica;
  }

  /** Everyone who may serve now; takes no places. */
  everyone(): readonly EngineReplica[] {
    const now = performance.now();
    const { locality } = this.#route.policy;
    const able = this.#up.filter(
      ({ weight, isLocal }) => weight > 0 && (isLocal || locality !== "only"),
    );
    const admitted = able.filter(({ key }) => this.#ejector.admits(key, now));
    for (const { key } of admitted) this.#ejector.picked(key, now);
    return admitted.length === 0 ? able : admitted;
  }

  /** Takes note of how a replica behaved; undefined is well. */
  heard({ key }: EngineReplica, failure: DialFailure | undefined): void {
    const { report } = this.#options;
    const route = this.#route.key;
    if (failure === undefined) {
      this.#readmit(key);
      return;
    }
    const now = performance.now();
    const forMs = this.#ejector.failed(key, failure, { of: this.#up.length, now });
    if (failure !== "local") this.#suspect(key, failure, this.#ejector.inARow(key));
    if (forMs === undefined) return;
    this.#troubled.add(key);
    const reason = `connections to it failed in a row, the last one by ${failure}`;
    report({ kind: "ejected", key: route, replica: key, reason, forMs });
  }

  /** It reset a connection that had begun: trouble, though that may have been meant. */
  wasReset({ key }: EngineReplica): void {
    this.#suspect(key, "reset", 0);
  }

  /** Its probes find it well: it may be tried before its time is over. */
  forgive(replica: string): void {
    this.#ejector.forgive(replica, performance.now());
  }

  #suspect(replica: string, failure: DialFailure, inARow: number): void {
    const now = performance.now();
    if (now - (this.#suspectedAt.get(replica) ?? -Infinity) < suspicionQuietMs) return;
    this.#suspectedAt.set(replica, now);
    this.#troubled.add(replica);
    this.#options.report({ kind: "suspect", key: this.#route.key, replica, failure, inARow });
  }

  #readmit(replica: string): void {
    const wasEjected = this.#ejector.succeeded(replica);
    if (!this.#troubled.delete(replica) && !wasEjected) return;
    const kind = wasEjected ? "readmitted" : "well";
    this.#options.report({ kind, key: this.#route.key, replica });
  }

  /** Someone who is ejected, where ejection alone leaves nobody: those who are only full are worth waiting for. */
  #pickEjected(
    tried: readonly EngineReplica[],
    refused: readonly EngineReplica[],
    client: string | undefined,
  ): EngineReplica | undefined {
    const isAble = ({ key }: EngineReplica): boolean => this.#ejector.admits(key, this.#now);
    if (this.#left(tried).some((replica) => isAble(replica))) return undefined;
    this.#lenient = true;
    try {
      const leastBad = this.#picker.pick(refused, client);
      if (leastBad !== undefined) this.#sayFailOpen();
      return leastBad;
    } finally {
      this.#lenient = false;
    }
  }

  #sayFailOpen(): void {
    if (this.#now - this.#failedOpenAt < failOpenQuietMs) return;
    this.#failedOpenAt = this.#now;
    this.#options.report({ kind: "fail-open", key: this.#route.key });
  }

  #isAnyoneFull(tried: readonly EngineReplica[]): boolean {
    return this.#left(tried).some((replica) => !this.#hasRoom(replica));
  }

  /** Who may serve at all and was not tried. */
  #left(tried: readonly EngineReplica[]): EngineReplica[] {
    const keys = new Set(tried.map(({ key }) => key));
    const { locality } = this.#route.policy;
    return this.#up.filter(
      ({ key, weight, isLocal }) =>
        weight > 0 && (isLocal || locality !== "only") && !keys.has(key),
    );
  }

  #hasRoom({ row }: EngineReplica): boolean {
    const { replicaLimit } = this.#route.policy;
    return replicaLimit === 0 || this.#options.tally.loadOf(row) < replicaLimit;
  }

  #makePicker(): Picker<EngineReplica> {
    const { tally, random } = this.#options;
    const { balance, locality } = this.#route.policy;
    return makePicker(balance, this.#up, {
      random,
      locality,
      isLocal: ({ isLocal }) => isLocal,
      loadOf: ({ row }) => tally.loadOf(row),
      admits: (replica) =>
        (this.#lenient || this.#ejector.admits(replica.key, this.#now)) && this.#hasRoom(replica),
      weightOf: (replica) => this.#weightOf(replica),
    });
  }

  #weightOf({ key, weight }: EngineReplica): number {
    const { slowStartMs } = this.#route.policy;
    const joined = slowStartMs === 0 ? undefined : this.#joinedAt.get(key);
    if (joined === undefined) return weight;
    return rampedWeight({ weight, ageMs: this.#now - joined, slowStartMs });
  }
}

function usable({ replicas }: EngineRoute): EngineReplica[] {
  return replicas.filter(({ state }) => state === "up");
}
