import type { Outcome } from "../model/outcome.ts";
import type { Certificate } from "../model/gateway.ts";
import { Gateway } from "./gateway/gateway.ts";
import type { EngineChange, EngineRoute } from "./route.ts";
import type { EngineService, ServiceOptions } from "./service.ts";
import { shedStillest, type Shedding } from "./shed.ts";
import { ReadBuffers } from "./tcp/read-buffers.ts";
import { TcpService } from "./tcp/tcp-service.ts";
import { UdpService, type UdpNeighbours } from "./udp/udp-service.ts";

export type EngineOptions = Omit<ServiceOptions, "buffers">;

/**
 * The data plane of one thread: it opens, retargets and closes service ports as it is told and forwards what
 * arrives on them. It knows only the last change it was given and needs no other part of the program.
 */
export class Engine implements AsyncDisposable {
  readonly #options: ServiceOptions;
  readonly #services = new Map<string, EngineService>();
  /** Services that no longer listen but still have connections, with their keys. */
  readonly #retired = new Map<EngineService, string>();
  /** What is being done about a port; the next thing about it waits. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #datagrams: UdpNeighbours = { tables: new Set(), ports: new Set() };
  readonly #gateway: Gateway | undefined;
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#options = { ...options, buffers: new ReadBuffers(options.meter, options.streamBytes) };
    const { gateway } = options;
    const serviceOf = (key: string): TcpService | undefined => this.#tcpService(key);
    if (gateway !== undefined)
      this.#gateway = new Gateway({ gateway, engine: this.#options, serviceOf });
  }

  /** Carries out the changes, those of one port in order; settles when every new port has been tried once. */
  async apply(changes: readonly EngineChange[]): Promise<void> {
    this.#gateway?.follow(changes);
    await Promise.all(
      changes.map((change) =>
        change.kind === "remove"
          ? this.#after(change.key, () => this.#close(change.key, "removed"))
          : this.#after(change.route.key, () => this.#set(change.route)),
      ),
    );
    if (!this.#stopped) await this.#gateway?.open();
  }

  /** TLS may end on the gateway with these certificates from now on. */
  certify(certificates: readonly Certificate[]): void {
    this.#gateway?.certify(certificates);
  }

  /** The probes of this replica of this service find it well. */
  forgive(key: string, replica: string): void {
    this.#services.get(key)?.forgive(replica);
  }

  /** Connections and sessions. */
  get connectionCount(): number {
    let count = this.#gateway?.connectionCount ?? 0;
    for (const service of this.#all()) count += service.connectionCount;
    return count;
  }

  /** Counts what moved and ends what stands still; `now` in ms of a clock that never goes back. Called once a second. */
  check(now: number): void {
    this.#gateway?.check(now);
    for (const service of this.#all()) service.check(now);
    for (const service of this.#retired.keys()) {
      if (service.closed && service.connectionCount === 0) this.#retired.delete(service);
    }
  }

  /** Memory is short: ends some of what runs and stands still; `now` as for `check`. A share of 0 says that it is not. Returns how many ended. */
  shed(order: Shedding, now: number): number {
    this.#options.buffers.isScarce = order.share > 0;
    const ofServices = [...this.#all()].flatMap(({ running = [] }) => [...running]);
    return shedStillest([...ofServices, ...(this.#gateway?.running ?? [])], order, now);
  }

  /** Listens anew on those of these addresses, `host:port`, that it has bound. */
  renew(addresses: ReadonlySet<string>): void {
    this.#gateway?.renew(addresses);
    for (const service of this.#services.values()) service.renew?.(addresses);
  }

  /** Stops listening everywhere; running connections go on. */
  async stopAccepting(): Promise<void> {
    this.#stopped = true;
    const keys = new Set([...this.#services.keys(), ...this.#pending.keys()]);
    await Promise.all([
      this.#gateway?.[Symbol.asyncDispose](),
      ...[...keys].map((key) => this.#after(key, () => this.#close(key, "stopping"))),
    ]);
  }

  /** Resets every running connection. */
  abort(outcome: Outcome): void {
    this.#gateway?.abort(outcome);
    for (const service of this.#all()) service.abort(outcome);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAccepting();
    this.abort("killed");
  }

  #after(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#pending.get(key);
    const run = before === undefined ? work() : before.then(work);
    this.#pending.set(key, run);
    return run.finally(() => {
      if (this.#pending.get(key) === run) this.#pending.delete(key);
    });
  }

  async #set(route: EngineRoute): Promise<void> {
    if (!this.#stopped) for (const left of this.#left(route.key)) left.resume?.(route);
    const existing = this.#services.get(route.key);
    if (existing !== undefined) {
      existing.retarget(route);
      return;
    }
    // What stops must not open ports again, whatever the control plane still has to say.
    if (this.#stopped) return;
    const service = this.#make(route);
    this.#services.set(route.key, service);
    await service.tried();
  }

  #tcpService(key: string): TcpService | undefined {
    const service = this.#services.get(key);
    return service instanceof TcpService ? service : undefined;
  }

  #make(route: EngineRoute): EngineService {
    switch (route.protocol) {
      case "tcp":
        return new TcpService(route, this.#options);
      case "udp":
        return new UdpService(route, this.#options, this.#datagrams);
    }
  }

  async #close(key: string, why: "removed" | "stopping"): Promise<void> {
    const service = this.#services.get(key);
    if (service === undefined) return;
    this.#services.delete(key);
    for (const left of [...this.#left(key), service]) left.retire(why);
    this.#retired.set(service, key);
    await service[Symbol.asyncDispose]();
  }

  /** Those that had this key before, and what runs on them. */
  *#left(key: string): Iterable<EngineService> {
    for (const [service, own] of this.#retired) if (own === key) yield service;
  }

  *#all(): Iterable<EngineService> {
    yield* this.#services.values();
    yield* this.#retired.keys();
  }
}
