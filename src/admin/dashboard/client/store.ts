import type {
  LiveChange,
  LiveHead,
  LiveProblems,
  LiveReplica,
  LiveReplicas,
  LiveService,
  LiveSource,
  RoutingChange,
  Traffic,
} from "../../live-document.ts";

/** What `/api/live` has told so far. */
export class Store {
  head: LiveHead | undefined;
  sources: readonly LiveSource[] = [];
  problems: LiveProblems = { total: 0, first: [] };
  routing: readonly RoutingChange[] = [];
  readonly services: Map<string, LiveService> = new Map();
  readonly traffic: Map<string, Traffic> = new Map();
  /** By service, then by address; only of services that are unfolded. */
  readonly replicas: Map<string, Map<string, LiveReplica>> = new Map();
  #now = 0;
  #heardAt = 0;

  /** The clock of the proxy, in ms since the epoch; `at` in ms of our own steady clock. */
  now(at: number): number {
    return this.#now + at - this.#heardAt;
  }

  /** Takes a whole view and forgets what was before. */
  begin(change: LiveChange, at: number): void {
    this.services.clear();
    this.traffic.clear();
    this.replicas.clear();
    this.take(change, at);
  }

  /** Takes what changed. */
  take(change: LiveChange, at: number): void {
    this.#now = change.now;
    this.#heardAt = at;
    this.head = change.head ?? this.head;
    this.sources = change.sources ?? this.sources;
    this.problems = change.problems ?? this.problems;
    this.routing = change.routing ?? this.routing;
    this.#takeServices(change);
  }

  #takeServices({ services = [], traffic = [], gone = [] }: LiveChange): void {
    for (const service of services) this.services.set(service.key, service);
    for (const [key, ...row] of traffic) this.traffic.set(key, row);
    for (const key of gone) {
      this.services.delete(key);
      this.traffic.delete(key);
      this.replicas.delete(key);
    }
  }

  /** Takes what changed about the replicas of one service. */
  takeReplicas({ service, set, gone }: LiveReplicas): void {
    const known = this.replicas.get(service) ?? new Map<string, LiveReplica>();
    for (const replica of set) known.set(replica.address, replica);
    for (const address of gone) known.delete(address);
    this.replicas.set(service, known);
  }
}

export const idle: Traffic = [0, 0, 0, 0, 0, 0, 0, 0, 0];
