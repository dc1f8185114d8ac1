import type { RemoteInfo } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { quietTurn } from "../../async/quiet-turn.ts";
import type { Address } from "../../model/address.ts";
import {
  dropReasonOf,
  type DialFailure,
  type DropReason,
  type Outcome,
  type SessionEnding,
} from "../../model/outcome.ts";
import { Access } from "../access.ts";
import { Binding, type ListenResult } from "../binding.ts";
import { ReplicaPool, type Choice } from "../replica-pool.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { EngineService, ServiceOptions } from "../service.ts";
import type { Tally } from "../tally.ts";
import { ClientSources } from "./client-sources.ts";
import { Session, type SessionHost } from "./session.ts";
import { SessionTable, type Client, type Evicting } from "./session-table.ts";
import { UdpListener } from "./udp-listener.ts";

/** What the UDP services of one engine know of each other. */
export interface UdpNeighbours {
  readonly tables: Set<Evicting>;
  readonly ports: Set<number>;
}

/** Bytes of objects that a datagram leaves to be collected, about; the meter counts only what it is told. */
const residue = 1024;
/** How long a service that goes waits for the answers to what has just been asked, in ms, and how often it looks. */
const mostGraceMs = 1000;
const graceLookMs = 10;
/** Longest time to empty the kernel's queue before closing, in ms. */
const mostQueueMs = 200;
const nobody: readonly EngineReplica[] = [];

/** One UDP service port in one engine: its listeners, its replicas and its sessions. */
export class UdpService implements EngineService, SessionHost {
  readonly tally: Tally;
  /** True once it listens nowhere any more. */
  closed: boolean = false;
  readonly #options: ServiceOptions;
  readonly #neighbours: UdpNeighbours;
  readonly #bindings: readonly Binding[];
  /** By number; undefined while the address is not bound. */
  readonly #listeners: (UdpListener | undefined)[] = [];
  readonly #sessions: SessionTable<Session>;
  readonly #replicas: ReplicaPool;
  #retired = false;
  #received = 0;
  #route: EngineRoute;
  #access: Access;
  #sources: ClientSources;
  /** When sessions on draining replicas move on, in ms; by replica. */
  #drainBy: ReadonlyMap<string, number> = new Map();

  constructor(route: EngineRoute, options: ServiceOptions, neighbours: UdpNeighbours) {
    const { tally, random, report, bindHosts } = options;
    this.tally = tally;
    this.#options = options;
    this.#neighbours = neighbours;
    this.#route = route;
    this.#access = new Access(route.policy.allow, route.policy.deny);
    this.#sources = this.#makeSources();
    this.#replicas = new ReplicaPool(route, { tally, random, report });
    this.#sessions = new SessionTable({
      tables: neighbours.tables,
      places: {
        take: () => tally.sessionOpened(this.#route.row, this.#route.policy.maxSessions),
        give: (ending) => tally.sessionClosed(this.#route.row, ending),
      },
    });
    neighbours.ports.add(route.port);
    this.#bindings = bindHosts.map((host, number) => this.#bind(host, number));
  }

  get route(): EngineRoute {
    return this.#route;
  }

  get connectionCount(): number {
    return this.#sessions.size;
  }

  async tried(): Promise<void> {
    await Promise.all(this.#bindings.map((binding) => binding.tried));
  }

  forgive(replica: string): void {
    this.#replicas.forgive(replica);
  }

  retarget(route: EngineRoute): void {
    this.#route = route;
    this.#access = new Access(route.policy.allow, route.policy.deny);
    this.#sources = this.#makeSources();
    this.#replicas.retarget(route);
    this.#settleDraining(performance.now());
    const states = new Map(route.replicas.map(({ key, state }) => [key, state]));
    for (const session of this.#sessions) {
      if (session.replica === undefined) continue;
      const state = states.get(session.replica.key);
      if (state === undefined || state === "down") session.loseReplica();
    }
  }

  /** Nobody new is served by what is removed; where we only stop, being served late is better than being dropped. */
  retire(why: "removed" | "stopping"): void {
    this.#retired = why === "removed";
  }

  check(now: number): void {
    this.#sessions.endIdle(now - this.#route.policy.sessionIdleMs);
    if (this.#drainBy.size === 0) return;
    for (const session of this.#sessions) {
      const deadline = this.#drainBy.get(session.replica?.key ?? "");
      if (deadline !== undefined && now >= deadline) session.loseReplica();
    }
  }

  abort(outcome: Outcome): void {
    this.#sessions.close(outcome === "drained" ? "drained" : "killed");
  }

  /** Answers can come from nowhere else, so those that are on their way are let through first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = performance.now() + mostGraceMs;
    while (performance.now() < deadline && this.#isAnswerDue()) await sleep(graceLookMs);
    await quietTurn(() => this.#received, mostQueueMs);
    this.#neighbours.ports.delete(this.#route.port);
    await Promise.all(this.#bindings.map((binding) => binding[Symbol.asyncDispose]()));
    this.closed = true;
    this.#sessions.close("drained");
  }

  choose(excluded: readonly EngineReplica[], client: string): Choice {
    return this.#replicas.choose(excluded, client);
  }

  heard(replica: EngineReplica, failure: DialFailure | undefined): void {
    this.#replicas.heard(replica, failure);
  }

  touched(session: Session): void {
    this.#sessions.touch(session, performance.now());
  }

  answer(message: Buffer, { listener, host, port }: Client): void {
    const sent = this.#listeners[listener]?.answer(message, host, port);
    if (sent === false) this.dropped("congested");
  }

  dropped(reason: DropReason): void {
    this.tally.dropped(this.#route.row, reason);
  }

  ended(session: Session, ending: SessionEnding): void {
    this.#sessions.remove(session, ending);
  }

  destinationOf({ listener }: Client): Address {
    return { host: this.#options.bindHosts[listener] ?? "", port: this.#route.port };
  }

  #bind(host: string, number: number): Binding {
    const { key, port } = this.#route;
    const { reusePort, random, report } = this.#options;
    const received = (message: Buffer, source: RemoteInfo): void =>
      this.#receive(number, message, source);
    const failed = (error: Error): void => this.dropped(dropReasonOf(error));
    const open = async (address: Address): Promise<ListenResult> => {
      const result = UdpListener.open({ address, reusePort, received, failed });
      if (result.kind === "listening") this.#listeners[number] = result.listener;
      return result;
    };
    return new Binding({ key, address: { host, port }, random, report, open });
  }

  #receive(listener: number, message: Buffer, source: RemoteInfo): void {
    const { row, policy } = this.#route;
    this.#received += 1;
    this.tally.datagramIn(row, message.length);
    this.#options.meter.read(message.length + residue);
    const first = this.#sessions.find(listener, source.address, source.port);
    if (first !== undefined && policy.datagrams === "session") first.forward(message);
    else this.#receiveFrom({ listener, host: source.address, port: source.port }, message, first);
  }

  #receiveFrom(client: Client, message: Buffer, first: Session | undefined): void {
    if (first === undefined && !this.#admits(client)) return;
    switch (this.#route.policy.datagrams) {
      case "session":
        this.#openAny(client)?.forward(message);
        break;
      case "packet":
        this.#forwardToAny(message, client, first);
        break;
      case "multicast":
        this.#forwardToAll(message, client, first);
        break;
    }
  }

  /** True when a client of whom nothing is known may have a session. */
  #admits({ host, port }: Client): boolean {
    if (this.#retired) this.dropped("no-replica");
    else if (!this.#sources.mayBeAnswered(host, port)) this.dropped("bad-source");
    else if (!this.#access.open && !this.#access.admits(host)) this.dropped("denied");
    else return true;
    return false;
  }

  #isAnswerDue(): boolean {
    const since = performance.now() - mostGraceMs;
    for (const session of this.#sessions) {
      if (session.awaitsAnswer && session.seenAt > since) return true;
    }
    return false;
  }

  #openAny(client: Client): Session | undefined {
    const replica = this.#chooseAny(client);
    return replica === undefined ? undefined : this.#open(client, replica);
  }

  #forwardToAny(message: Buffer, client: Client, first: Session | undefined): void {
    const replica = this.#chooseAny(client);
    if (replica === undefined) return;
    const existing = sessionOn(first, replica);
    // Each replica has one place per client, however many of the client's datagrams it gets.
    if (existing !== undefined) this.tally.vacated(replica.row);
    (existing ?? this.#open(client, replica))?.forward(message);
  }

  #forwardToAll(message: Buffer, client: Client, first: Session | undefined): void {
    const replicas = this.#replicas.everyone();
    if (replicas.length === 0) this.dropped("no-replica");
    for (const replica of replicas) {
      const existing = sessionOn(first, replica);
      if (existing === undefined) this.tally.occupied(replica.row, 0);
      (existing ?? this.#open(client, replica))?.forward(message);
    }
  }

  #chooseAny({ host }: Client): EngineReplica | undefined {
    const choice = this.#replicas.choose(nobody, host);
    if (choice.kind === "replica") return choice.replica;
    this.dropped(choice.kind === "none" ? "no-replica" : "session-limit");
    return undefined;
  }

  /** Opens a session on a replica where it has a place, or gives that back. */
  #open(client: Client, replica: EngineReplica): Session | undefined {
    const now = performance.now();
    if (!this.#sessions.reserve(now)) {
      this.tally.vacated(replica.row);
      this.dropped("session-limit");
      return undefined;
    }
    const session = new Session(client, replica, this);
    this.#sessions.add(session, now);
    return session;
  }

  #makeSources(): ClientSources {
    const { ports } = this.#neighbours;
    const { isOwnHost } = this.#options;
    return new ClientSources({ ports, isOwnHost }, this.#route.replicas);
  }

  /** The time that draining takes begins once per replica, however often it is said. */
  #settleDraining(now: number): void {
    const { policy, replicas } = this.#route;
    const before = this.#drainBy;
    const draining =
      policy.drainMs === 0 ? [] : replicas.filter(({ state }) => state === "draining");
    this.#drainBy = new Map(
      draining.map(({ key }) => [key, before.get(key) ?? now + policy.drainMs]),
    );
  }
}

function sessionOn(first: Session | undefined, { key }: EngineReplica): Session | undefined {
  let session = first;
  while (session !== undefined && session.replica?.key !== key) session = session.sibling;
  return session;
}
