import type http from "node:http";

import { ConsulStore, type StandInInstance } from "./consul-store.ts";
import { ScriptedServer, sendJson, type Answer } from "./scripted-server.ts";

/** One query as it is being answered. */
interface Query {
  readonly path: string;
  readonly isStale: boolean;
  /** The index it waits to be passed; 0 for one that does not wait. */
  readonly after: number;
  readonly response: http.ServerResponse;
}

/**
 * A Consul agent with services in memory. Queries with an index block as Consul's do [consul: blocking queries]: until
 * what they read has changed past the index, however far in the future that is, or until their wait is over; a restore
 * answers all of them at once. Stale reads are answered by a server of their own, which may lag behind.
 */
export class ConsulStandIn implements AsyncDisposable {
  readonly #server: ScriptedServer;
  #leader = new ConsulStore(10);
  readonly #past: ConsulStore[] = [this.#leader];
  /** What the other server knows, as long as it lags behind. */
  #follower: ConsulStore | undefined;
  #waiting: ReadonlySet<Query> = new Set();
  readonly #hidden = new Set<string>();
  /** Sent with every answer. */
  knowsLeader = true;
  /** Longest time a query waits, in ms, whatever it asks for. */
  longestWaitMs: number = Infinity;
  /** Answers in place of it, as long as it is set. */
  override: Answer | undefined;
  /** The token of each request so far. */
  readonly tokens: (string | undefined)[] = [];

  private constructor(server: ScriptedServer) {
    this.#server = server;
    server.answer((request, response) => this.#respond(request, response));
  }

  static async start(): Promise<ConsulStandIn> {
    return new ConsulStandIn(await ScriptedServer.start(() => {}));
  }

  get url(): URL {
    return this.#server.url;
  }

  get asked(): readonly string[] {
    return this.#server.asked;
  }

  get blocked(): number {
    return this.#waiting.size;
  }

  /** Registers the instances of a service in place of those it had; none deregisters it. */
  set(name: string, instances: readonly StandInInstance[]): void {
    this.#become(this.#leader.withService(name, instances));
  }

  /** Changes what checks say and nothing else. */
  check(name: string, id: string, checks: Readonly<Record<string, string>>): void {
    this.#become(this.#leader.withChecks(name, id, checks));
  }

  checkNode(node: string, checks: Readonly<Record<string, string>>): void {
    this.#become(this.#leader.withNodeChecks(node, checks));
  }

  /** A change that touches no service: what waits wakes up for nothing. */
  stir(): void {
    this.#become(this.#leader.stirred());
  }

  /** The store begins anew, as after the restore of a snapshot; without its services when it was another cluster's. */
  goBack({ isEmpty = false }: { readonly isEmpty?: boolean } = {}): void {
    this.#leader = isEmpty ? new ConsulStore(2) : this.#leader.restored();
    for (const query of this.#waiting) this.#answer(query);
  }

  /** From now on stale reads are answered by a server that knows what was known `before` so many changes. */
  lagBehind(before: number): void {
    this.#follower = this.#past.at(-1 - before) ?? this.#leader;
  }

  catchUp(): void {
    this.#follower = undefined;
    this.#wake();
  }

  /** Access rules keep a service from whoever asks from now on; its index stays. */
  hide(name: string): void {
    this.#hidden.add(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  #become(store: ConsulStore): void {
    this.#leader = store;
    this.#past.push(store);
    this.#wake();
  }

  #wake(): void {
    for (const query of this.#waiting) if (this.#isPast(query)) this.#answer(query);
  }

  #respond(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.override !== undefined) {
      this.override(request, response);
      return;
    }
    const token = request.headers["x-consul-token"];
    this.tokens.push(typeof token === "string" ? token : undefined);
    const { pathname: path, searchParams } = new URL(request.url ?? "/", this.url);
    const after = Number(searchParams.get("index") ?? 0);
    const query = { path, isStale: searchParams.has("stale"), after, response };
    if (this.#isPast(query)) this.#answer(query);
    else this.#block(query, Number.parseInt(searchParams.get("wait") ?? "300", 10) * 1000);
  }

  #block(query: Query, waitMs: number): void {
    this.#waiting = new Set([...this.#waiting, query]);
    const timer = setTimeout(() => this.#answer(query), Math.min(waitMs, this.longestWaitMs));
    query.response.on("close", () => {
      clearTimeout(timer);
      this.#release(query);
    });
  }

  #release(query: Query): void {
    this.#waiting = this.#waiting.difference(new Set([query]));
  }

  #isPast(query: Query): boolean {
    return query.after === 0 || this.#read(query).index > query.after;
  }

  #answer(query: Query): void {
    this.#release(query);
    const { index, document } = this.#read(query);
    const headers = {
      "x-consul-index": String(index),
      "x-consul-knownleader": String(this.knowsLeader),
      ...(this.#hidden.size === 0 ? {} : { "x-consul-results-filtered-by-acls": "true" }),
    };
    sendJson(query.response, document, { headers, status: document === null ? 404 : 200 });
  }

  #read({ path, isStale }: Query): ReturnType<ConsulStore["read"]> {
    const store = isStale ? (this.#follower ?? this.#leader) : this.#leader;
    return store.read(path, this.#hidden);
  }
}
