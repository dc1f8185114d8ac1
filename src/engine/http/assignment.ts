import type { DialFailure } from "../../model/outcome.ts";
import { formatHeader } from "../proxy-protocol/format.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import { Dial } from "../tcp/dial.ts";
import type { Waiter } from "../tcp/waiting-line.ts";
import type { HttpRoute } from "./http-route.ts";
import type { OwnUpstream } from "./own-upstream.ts";
import type { Refusal } from "./refusal.ts";
import { Upstream, type Loss } from "./upstream.ts";
import { UpstreamSocket } from "./upstream-socket.ts";

export interface AssignmentOptions {
  readonly service: HttpRoute;
  /** Who asks, and whom; for `source` balancing and PROXY headers. */
  readonly ends: Endpoints;
  /** The replica on which the client's cookie wants to stay. */
  readonly wanted: string | undefined;
  /** The client's own connection to a replica; it goes before all others. */
  readonly own: OwnUpstream;
  /** Connections that have idled longer, in ms, are not taken. */
  readonly mostIdleMs: number;
  readonly user: AssignmentUser;
}

/** Who needs a connection to a replica. */
export interface AssignmentUser {
  /** A connection is there. */
  ask(upstream: Upstream): void;
  /** There is and will be none. */
  refuse(refusal: Refusal): void;
}

/** Finds a replica for one request and a connection to it: an idle one, or a new one; each replica once, within one budget. */
export class Assignment implements Waiter {
  readonly #options: AssignmentOptions;
  readonly #route: EngineRoute;
  readonly #tried: EngineReplica[] = [];
  #replica: EngineReplica | undefined;
  #dialing: Dial | undefined;
  #dialingSince = 0;
  #isWaiting = false;
  #failure: Refusal | undefined;

  constructor(options: AssignmentOptions) {
    this.#options = options;
    this.#route = options.service.route;
  }

  /** The replica the request is on, or on its way to. */
  get replica(): EngineReplica | undefined {
    return this.#replica;
  }

  /** The replica that was tried last, also once the request has left it. */
  get lastTried(): EngineReplica | undefined {
    return this.#tried.at(-1);
  }

  /** Replicas that were tried in vain before the present one. */
  get retries(): number {
    return Math.max(0, this.#tried.length - 1);
  }

  /** True while there is no connection yet. */
  get isSeeking(): boolean {
    return this.#isWaiting || this.#dialing !== undefined;
  }

  /** Looks for the first or the next replica; false when it must wait (again). */
  seek(): boolean {
    const replica = this.#claimWanted();
    if (replica !== undefined) {
      this.#go(replica);
      return true;
    }
    const { host } = this.#options.service;
    const { source } = this.#options.ends;
    const client = this.#route.policy.balance === "source" ? source.host : undefined;
    const choice = host.choose(this.#tried, client);
    switch (choice.kind) {
      case "replica":
        this.#isWaiting = false;
        this.#go(choice.replica);
        return true;
      case "full":
        return this.#wait();
      case "none":
        this.#isWaiting = false;
        this.#options.user.refuse(this.#failure ?? { status: 503, reason: "no-replica" });
        return true;
    }
  }

  /** The idle connection that was taken had ended already: the same replica gets a new one. */
  renew(): void {
    if (this.#replica === undefined) return;
    this.#options.service.host.tally.retried(this.#route.row, false);
    this.#dialingSince = performance.now();
    this.#dial(this.#replica);
  }

  /** The replica failed once it was connected: it is told of, and the next one is looked for, within a budget of its own. */
  fail(failure: DialFailure): void {
    this.#dialingSince = performance.now();
    this.blame(failure);
    this.seek();
  }

  /** The replica failed and the request is given up. */
  blame(failure: DialFailure): void {
    const { host } = this.#options.service;
    const replica = this.#replica;
    if (replica === undefined) return;
    this.#failure = refusalOf(failure);
    host.tally.failed(replica.row, failure);
    host.heard(replica, failure);
    this.leave();
  }

  /** The replica's answer broke off, or cannot be read on: what the request ends by. */
  brokenOff(flaw: Loss["flaw"]): "upstream-reset" | "upstream-malformed" {
    if (flaw !== "truncated") return "upstream-malformed";
    if (this.#replica !== undefined) this.#options.service.host.wasReset(this.#replica);
    return "upstream-reset";
  }

  /** The replica is gone: the next one is looked for. */
  move(): void {
    this.leave();
    this.seek();
  }

  /** Takes the request off its replica and gives up looking. */
  leave(): void {
    const { host } = this.#options.service;
    this.#dialing?.cancel();
    this.#dialing = undefined;
    if (this.#isWaiting) host.leave(this);
    this.#isWaiting = false;
    const replica = this.#replica;
    this.#replica = undefined;
    if (replica !== undefined) host.release(replica);
  }

  /** A place may be free: true when it no longer waits. */
  retry(): boolean {
    return this.seek();
  }

  /** It has waited long enough. */
  expire(): void {
    this.#isWaiting = false;
    this.#options.user.refuse({ status: 503, reason: "queue-timeout" });
  }

  #claimWanted(): EngineReplica | undefined {
    const { service, wanted, own } = this.#options;
    const key = own.keyIn(service) ?? wanted;
    if (key === undefined || this.#tried.length > 0) return undefined;
    return service.host.claim(key);
  }

  #wait(): boolean {
    if (this.#isWaiting) return false;
    this.#isWaiting = this.#options.service.host.join(this);
    if (!this.#isWaiting) this.#options.user.refuse({ status: 503, reason: "queue-full" });
    return !this.#isWaiting;
  }

  #go(replica: EngineReplica): void {
    const { service, own, mostIdleMs, user } = this.#options;
    const now = performance.now();
    this.#replica = replica;
    if (this.#tried.length === 0) this.#dialingSince = now;
    else service.host.tally.retried(this.#route.row, replica !== this.#tried.at(-1));
    this.#tried.push(replica);
    const idle = own.take(service, replica) ?? service.pool.take(replica, mostIdleMs, now);
    if (idle === undefined) this.#dial(replica);
    else user.ask(idle);
  }

  #dial(replica: EngineReplica): void {
    const { limits, buffers } = this.#options.service.host;
    const now = performance.now();
    const left = limits.connectBudgetMs - (now - this.#dialingSince);
    if (left <= 0) {
      this.#options.user.refuse(this.#failure ?? refusalOf("timeout"));
      return;
    }
    const socket = new UpstreamSocket(buffers);
    this.#dialing = new Dial(replica.address, {
      socket,
      timeoutMs: Math.min(limits.connectTimeoutMs, left),
      done: (result) => {
        this.#dialing = undefined;
        if (result.kind === "failed") this.#notDialed(result.failure);
        else this.#dialed(replica, socket, now);
      },
    });
  }

  #notDialed(failure: DialFailure): void {
    this.blame(failure);
    this.seek();
  }

  #dialed(replica: EngineReplica, socket: UpstreamSocket, since: number): void {
    const { host } = this.#options.service;
    const seconds = (performance.now() - since) / 1000;
    host.tally.connected(this.#route.row, replica.row, seconds);
    const { sendProxy } = this.#route.policy;
    const { ends } = this.#options;
    if (sendProxy !== 0) socket.write(formatHeader(sendProxy, ends));
    this.#options.user.ask(new Upstream(socket));
  }
}

function refusalOf(failure: DialFailure): Refusal {
  switch (failure) {
    case "refused":
      return { status: 502, reason: "upstream-refused" };
    case "timeout":
      return { status: 504, reason: "upstream-timeout" };
    case "reset":
      return { status: 502, reason: "upstream-reset" };
    case "unreachable":
      return { status: 502, reason: "upstream-unreachable" };
    case "local":
      return { status: 503, reason: "out-of-resources" };
  }
}
