import type { Outcome } from "../model/outcome.ts";
import type { EngineChange, EngineRoute } from "./route.ts";
import { TcpService, type TcpServiceOptions } from "./tcp/tcp-service.ts";

export type EngineOptions = TcpServiceOptions;

/**
 * The data plane of one thread: it opens, retargets and closes service ports as it is told and forwards what
 * arrives on them. It knows only the last change it was given and needs no other part of the program.
 */
export class Engine implements AsyncDisposable {
  readonly #options: EngineOptions;
  readonly #services = new Map<string, TcpService>();
  /** Services that no longer listen but still have connections. */
  readonly #retired = new Set<TcpService>();
  /** Ports being given up; a new listener waits for them. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Carries out the changes in order; settles when every new port has been tried once. */
  async apply(changes: readonly EngineChange[]): Promise<void> {
    const closing: Promise<void>[] = [];
    const opening: Promise<void>[] = [];
    for (const change of changes) {
      if (change.kind === "remove") closing.push(this.#close(change.key));
      else opening.push(this.#set(change.route));
    }
    await Promise.all([...closing, ...opening]);
  }

  get connectionCount(): number {
    let count = 0;
    for (const service of this.#all()) count += service.connections.size;
    return count;
  }

  /** Counts what moved and ends what stands still; `now` in ms of a clock that never goes back. Called once a second. */
  check(now: number): void {
    for (const service of this.#all()) service.check(now);
    for (const service of this.#retired) {
      if (service.connections.size === 0) this.#retired.delete(service);
    }
  }

  /** Stops listening everywhere; running connections go on. */
  async stopAccepting(): Promise<void> {
    await Promise.all([...this.#services.keys()].map((key) => this.#close(key)));
  }

  /** Resets every running connection. */
  abort(outcome: Outcome): void {
    for (const service of this.#all()) service.abort(outcome);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAccepting();
    this.abort("killed");
  }

  async #set(route: EngineRoute): Promise<void> {
    await this.#closing.get(route.key);
    const existing = this.#services.get(route.key);
    if (existing !== undefined) {
      existing.retarget(route);
      return;
    }
    const service = new TcpService(route, this.#options);
    this.#services.set(route.key, service);
    await service.tried();
  }

  async #close(key: string): Promise<void> {
    const service = this.#services.get(key);
    if (service === undefined) return;
    this.#services.delete(key);
    this.#retired.add(service);
    service.retire();
    const closed = service[Symbol.asyncDispose]();
    this.#closing.set(key, closed);
    await closed;
    if (this.#closing.get(key) === closed) this.#closing.delete(key);
  }

  *#all(): Iterable<TcpService> {
    yield* this.#services.values();
    yield* this.#retired;
  }
}
