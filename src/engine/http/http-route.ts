import type { AccessSink } from "../../model/access.ts";
import type { DialFailure } from "../../model/outcome.ts";
import type { Choice } from "../replica-pool.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Roster, Rostered } from "../roster.ts";
import type { Tally } from "../tally.ts";
import type { ConnectionLimits, Served } from "../tcp/connection-host.ts";
import type { HeldFor } from "../tcp/flow.ts";
import type { ReadBuffers } from "../tcp/read-buffers.ts";
import type { ReadMeter } from "../tcp/read-meter.ts";
import type { Waiter } from "../tcp/waiting-line.ts";
import type { RawFields } from "./fields.ts";
import type { RequestTally } from "./request-tally.ts";
import { Sticky } from "./sticky.ts";
import { UpstreamPool } from "./upstream-pool.ts";

/** A request on a port that is not its service's own, which has to be told what becomes of its replica. */
export type RequestGuest = Rostered & Pick<Served, "replica" | "drainBy" | "loseReplica">;

/** What requests ask of the service they are for. */
export interface RequestHost {
  readonly tally: Tally;
  readonly limits: ConnectionLimits;
  readonly meter: ReadMeter;
  readonly buffers: ReadBuffers;
  readonly heldFor: HeldFor;
  readonly requests: RequestTally | undefined;
  /** Undefined when nothing is logged. */
  readonly access: AccessSink | undefined;
  /** Undefined when nobody is kept out. */
  readonly admits: ((client: string) => boolean) | undefined;
  /** Requests that came to other ports than its own. */
  readonly guests: Roster<RequestGuest>;
  /** When a request that gets a replica now is to be cut off, in ms; Infinity for never. */
  readonly drainDeadline: number;
  /** Picks none of `excluded` and puts the request on it. */
  choose(excluded: readonly EngineReplica[], client: string | undefined): Choice;
  /** Puts the request on this very replica, if it may have it. */
  claim(key: string): EngineReplica | undefined;
  /** Takes the request off its replica. */
  release(replica: EngineReplica): void;
  /** Tells how the replica behaved; undefined is well. */
  heard(replica: EngineReplica, failure: DialFailure | undefined): void;
  /** Tells that it broke off an answer that had begun. */
  wasReset(replica: EngineReplica): void;
  /** Joins the line for room; false when it is full. */
  join(waiter: Waiter): boolean;
  leave(waiter: Waiter): void;
}

/** One service as requests see it: its route, its idle connections to replicas, who stays where. */
export class HttpRoute {
  readonly host: RequestHost;
  readonly pool: UpstreamPool = new UpstreamPool();
  #route: EngineRoute;
  #sticky: Sticky;

  constructor(route: EngineRoute, host: RequestHost) {
    this.host = host;
    this.#route = route;
    this.#sticky = new Sticky(route);
  }

  get route(): EngineRoute {
    return this.#route;
  }

  get sticky(): Sticky {
    return this.#sticky;
  }

  /** True when a connection to a replica may carry several requests. */
  get keepsUpstreams(): boolean {
    return this.#route.policy.httpReuse === "keep-alive";
  }

  /** True when these may be of several clients, as they may not be where the PROXY header names one. */
  get reusesUpstreams(): boolean {
    return this.keepsUpstreams && this.#route.policy.sendProxy === 0;
  }

  /** The fields that an answer of this replica gets for a client with these cookies. */
  answerFields(replica: string, cookies: readonly string[]): RawFields {
    const fields = this.#sticky.fieldsFor(replica, cookies);
    const { via } = this.#route.policy;
    return via === "" ? fields : [...fields, "Via", `1.1 ${via}`];
  }

  /** From now on requests follow this route; running ones go on. */
  retarget(route: EngineRoute): void {
    this.#route = route;
    this.#sticky = new Sticky(route);
    this.pool.keepOnly(route.replicas.filter(({ state }) => state === "up"));
  }

  /** The service is gone: connections to replicas end with their running requests. */
  retire(): void {
    this.pool.close();
  }
}
