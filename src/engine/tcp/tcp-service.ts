import type { Socket } from "node:net";
import type { Address } from "../../model/address.ts";
import type { DialFailure, Outcome } from "../../model/outcome.ts";
import { Access, Networks } from "../access.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { EngineService, ServiceOptions } from "../service.ts";
import type { Tally } from "../tally.ts";
import { Binding, type ListenResult } from "../binding.ts";
import { HttpService } from "../http/http-service.ts";
import type { RequestTally } from "../http/request-tally.ts";
import type { AccessSink } from "../../model/access.ts";
import type { HttpRoute, RequestGuest } from "../http/http-route.ts";
import type { Arrival, ConnectionHost, ConnectionLimits, Served } from "./connection-host.ts";
import { Connection } from "./connection.ts";
import type { HeldFor } from "./flow.ts";
import { Intake } from "./intake.ts";
import { TcpListener } from "./listener.ts";
import { ReplicaPool, type Choice } from "../replica-pool.ts";
import { Roster } from "../roster.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import type { ReadMeter } from "./read-meter.ts";
import { turnAway } from "./turn-away.ts";
import { WaitingLine, type Waiter } from "./waiting-line.ts";

/** One service port in one engine: its listeners, its replicas, its connections and those that wait for room. */
export class TcpService implements ConnectionHost, EngineService {
  readonly tally: Tally;
  readonly limits: ConnectionLimits;
  readonly meter: ReadMeter;
  readonly buffers: ReadBuffers;
  readonly heldFor: HeldFor;
  readonly requests: RequestTally | undefined;
  readonly access: AccessSink | undefined;
  /** Requests that came to a port of the gateway. */
  readonly guests: Roster<RequestGuest> = new Roster();
  /** True once it listens nowhere any more. */
  closed: boolean = false;
  /** When connections that get a replica from now on are reset, in ms; Infinity while the service is there. */
  drainDeadline: number = Infinity;
  readonly #bindings: readonly Binding[];
  readonly #connections = new Roster<Served>();
  readonly #line: WaitingLine;
  /** Whether the next place that is given back is left to whoever waits in other engines. */
  #isTheirTurn = false;
  readonly #replicas: ReplicaPool;
  readonly #trusted: Networks;
  #access: Access;
  #route: EngineRoute;
  /** Made when the first connection needs it; it stays when the mode changes, for those that run. */
  #http: HttpService | undefined;

  constructor(route: EngineRoute, options: ServiceOptions) {
    const { bindHosts, reusePort, random, report, tally, limits, proxyTrusted } = options;
    this.tally = tally;
    this.limits = limits;
    this.meter = options.meter;
    this.buffers = options.buffers;
    this.heldFor = options.heldFor;
    this.requests = options.requests;
    this.access = options.access;
    this.#route = route;
    this.#access = new Access(route.policy.allow, route.policy.deny);
    this.#trusted = new Networks(proxyTrusted);
    this.#line = new WaitingLine({ counted: (by) => tally.waits(route.row, by) });
    this.#replicas = new ReplicaPool(route, { tally, random, report });
    const accepted = (client: Socket, intake?: Intake): void => {
      if (this.#admit(client)) this.#connections.add(this.#serve({ client, intake }));
    };
    const intake = (): Intake | undefined => this.#intake();
    const open = (address: Address): Promise<ListenResult> =>
      TcpListener.open({ address, reusePort, accepted, intake });
    this.#bindings = bindHosts.map((host) => {
      const address = { host, port: route.port };
      return new Binding({ key: route.key, address, random, report, open });
    });
  }

  /** Settles when every address has been tried once. */
  async tried(): Promise<void> {
    await Promise.all(this.#bindings.map((binding) => binding.tried));
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  renew(addresses: ReadonlySet<string>): void {
    for (const binding of this.#bindings) binding.renewIfAmong(addresses);
  }

  get running(): Iterable<Served> {
    return this.#connections;
  }

  forgive(replica: string): void {
    this.#replicas.forgive(replica);
  }

  /** From now on new connections follow this route; running ones go on, but for what their policy says of them. */
  retarget(route: EngineRoute): void {
    this.#route = route;
    this.#access = new Access(route.policy.allow, route.policy.deny);
    this.#replicas.retarget(route);
    this.#http?.retarget(route);
    if (route.mode !== "http") this.#endRequests();
    this.#settleRunning(new Map(route.replicas.map((replica) => [replica.key, replica])));
    this.#line.advance();
  }

  /** Running connections get the time that draining ones get, waiting ones have nothing to wait for. */
  retire(): void {
    const { drainMs } = this.#route.policy;
    if (drainMs > 0) this.drainDeadline = performance.now() + drainMs;
    this.#http?.retire();
    this.#endRequests();
    this.#settleRunning(new Map());
    this.#line.dismiss();
  }

  resume(route: EngineRoute): void {
    this.#route = route;
    this.drainDeadline = Infinity;
    this.#replicas.retarget(route);
    this.#settleRunning(new Map(route.replicas.map((replica) => [replica.key, replica])));
  }

  /** Counts what moved and ends what stands still; `now` in ms of a clock that never goes back. */
  check(now: number): void {
    for (const connection of this.#connections) connection.check(now);
    this.#http?.check(now);
  }

  /** Resets every running connection. */
  abort(outcome: Outcome): void {
    for (const connection of this.#connections) connection.abort(outcome);
  }

  /** Stops listening; running connections go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bindings.map((binding) => binding[Symbol.asyncDispose]()));
    this.closed = true;
  }

  trusts(peer: string): boolean {
    return this.#trusted.has(peer);
  }

  get admits(): ((client: string) => boolean) | undefined {
    const access = this.#access;
    return access.open ? undefined : (client) => access.admits(client);
  }

  choose(excluded: readonly EngineReplica[], client: string | undefined): Choice {
    // Who has just come stands behind those who wait elsewhere, too: they look for room a little later than we would.
    const isNew = excluded.length === 0 && !this.#line.isAdvancing;
    if (isNew && this.#route.policy.replicaLimit > 0 && this.#areOthersWaiting)
      return { kind: "full" };
    return this.#replicas.choose(excluded, client);
  }

  claim(key: string): EngineReplica | undefined {
    return this.#replicas.claim(key);
  }

  release(replica: EngineReplica): void {
    this.tally.vacated(replica.row);
    if (this.#line.size === 0) return;
    // Every second place is for all who look for one, or an engine that has a crowd would keep its places for ever.
    this.#isTheirTurn = this.#areOthersWaiting && !this.#isTheirTurn;
    if (this.#isTheirTurn) this.#line.giveWay();
    else this.#line.advance();
  }

  get #areOthersWaiting(): boolean {
    return this.tally.waitingFor(this.#route.row) > this.#line.size;
  }

  heard(replica: EngineReplica, failure: DialFailure | undefined): void {
    this.#replicas.heard(replica, failure);
  }

  wasReset(replica: EngineReplica | undefined): void {
    if (replica !== undefined) this.#replicas.wasReset(replica);
  }

  join(waiter: Waiter): boolean {
    return this.#line.join(waiter, this.#route.policy.queueTimeoutMs);
  }

  leave(waiter: Waiter): void {
    this.#line.leave(waiter);
  }

  ended(connection: Served): void {
    this.#connections.delete(connection);
  }

  /** Requests of this service, whatever port they come to and whatever its own port speaks. */
  get requestRoute(): HttpRoute {
    return this.#requestService.route;
  }

  /** Takes over a client that came to another port for this service; its bytes are copied as they are. */
  adopt(arrival: Arrival): void {
    if (!this.#admit(arrival.client)) return;
    this.#connections.add(new Connection(arrival, this.#route, this));
  }

  /** Counts a client; false when there is no room for it, and it has been reset. */
  #admit(client: Socket): boolean {
    const { row, policy } = this.#route;
    if (this.tally.accepted(row, policy.maxConnections)) return true;
    turnAway(client, this.tally, row);
    return false;
  }

  /** How the next client is read: HTTP and PROXY headers are, by events. */
  #intake(): Intake | undefined {
    const { mode, policy } = this.#route;
    return mode === "http" || policy.acceptProxy ? undefined : new Intake(this.buffers);
  }

  #serve(arrival: Arrival): Served {
    if (this.#route.mode !== "http") return new Connection(arrival, this.#route, this);
    return this.#requestService.accept(arrival.client);
  }

  get #requestService(): HttpService {
    this.#http ??= new HttpService(this.#route, this);
    return this.#http;
  }

  #endRequests(): void {
    for (const connection of this.#connections) connection.retire?.();
  }

  #settleRunning(replicas: ReadonlyMap<string, EngineReplica>): void {
    const { closeOnDown, drainMs } = this.#route.policy;
    const deadline = drainMs > 0 ? performance.now() + drainMs : Infinity;
    for (const connection of [...this.#connections, ...this.guests]) {
      const on = connection.replica;
      if (on === undefined) continue;
      const state = replicas.get(on.key)?.state ?? "draining";
      if (state === "down" && closeOnDown) connection.loseReplica();
      else connection.drainBy(state === "draining" ? deadline : Infinity);
    }
  }
}
