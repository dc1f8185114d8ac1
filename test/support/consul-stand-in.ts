import type http from "node:http";

import { ScriptedServer, sendJson, type Answer } from "./scripted-server.ts";

/** One instance as a test describes it; the rest is as Consul fills it in. */
export interface StandInInstance {
  readonly node?: string;
  readonly id: string;
  readonly address?: string;
  readonly port: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly kind?: string;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** Status by check id. */
  readonly checks?: Readonly<Record<string, string>>;
}

type Table = "services" | "checks";

interface Waiter {
  readonly table: Table;
  readonly after: number;
  readonly answer: () => void;
}

/**
 * A Consul agent with services in memory. Queries with an index block as Consul's do: until the table they read has
 * changed past the index, or until the wait is over; an index from the future or of another store answers at once.
 */
export class ConsulStandIn implements AsyncDisposable {
  readonly #server: ScriptedServer;
  readonly #services = new Map<string, readonly StandInInstance[]>();
  readonly #nodeChecks = new Map<string, Readonly<Record<string, string>>>();
  readonly #indexes: Record<Table, number> = { services: 10, checks: 10 };
  #index = 10;
  #waiters: readonly Waiter[] = [];
  /** Sent with every answer. */
  knowsLeader = true;
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
    return this.#waiters.length;
  }

  /** Registers the instances of a service in place of those it had; none deregisters it. */
  set(name: string, instances: readonly StandInInstance[]): void {
    if (instances.length === 0) this.#services.delete(name);
    else this.#services.set(name, instances);
    this.#bump("services", "checks");
  }

  /** Changes what checks say and nothing else. */
  check(name: string, id: string, checks: Readonly<Record<string, string>>): void {
    const instances = this.#services.get(name) ?? [];
    this.#services.set(
      name,
      instances.map((instance) => (instance.id === id ? { ...instance, checks } : instance)),
    );
    this.#bump("checks");
  }

  checkNode(node: string, checks: Readonly<Record<string, string>>): void {
    this.#nodeChecks.set(node, checks);
    this.#bump("checks");
  }

  /** A change that touches no service: what waits wakes up for nothing. */
  stir(): void {
    this.#bump("checks");
  }

  /** The store begins anew, as after the restore of a snapshot. */
  goBack(): void {
    this.#index = 2;
    this.#indexes.services = 2;
    this.#indexes.checks = 2;
    this.#wake(() => true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  #bump(...tables: Table[]): void {
    this.#index += 1;
    for (const table of tables) this.#indexes[table] = this.#index;
    this.#wake(({ table, after }) => this.#indexes[table] > after);
  }

  #wake(isDue: (waiter: Waiter) => boolean): void {
    const due = this.#waiters.filter(isDue);
    this.#waiters = this.#waiters.filter((waiter) => !isDue(waiter));
    for (const waiter of due) waiter.answer();
  }

  #respond(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.override !== undefined) {
      this.override(request, response);
      return;
    }
    const token = request.headers["x-consul-token"];
    this.tokens.push(typeof token === "string" ? token : undefined);
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const table: Table = pathname === "/v1/catalog/services" ? "services" : "checks";
    const answer = (): void => {
      const headers = {
        "x-consul-index": String(this.#indexes[table]),
        "x-consul-knownleader": String(this.knowsLeader),
      };
      const document = this.#document(pathname) ?? null;
      sendJson(response, document, { headers, status: document === null ? 404 : 200 });
    };
    const after = Number(searchParams.get("index") ?? 0);
    if (after === 0 || this.#indexes[table] > after) answer();
    else this.#block({ table, after, answer }, response);
  }

  #block(waiter: Waiter, response: http.ServerResponse): void {
    this.#waiters = [...this.#waiters, waiter];
    response.on("close", () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    });
  }

  #document(path: string): unknown {
    if (path === "/v1/catalog/services") return this.#catalog();
    if (path === "/v1/health/state/any") return this.#allChecks();
    const [, name] = /^\/v1\/health\/service\/(.+)$/.exec(path) ?? [];
    return name === undefined ? undefined : this.#entries(decodeURIComponent(name));
  }

  #catalog(): Record<string, readonly string[]> {
    const services = [...this.#services].map(
      ([name, instances]) =>
        [name, [...new Set(instances.flatMap(({ tags = [] }) => tags))]] as const,
    );
    return { consul: [], ...Object.fromEntries(services) };
  }

  #allChecks(): unknown[] {
    const own = [...this.#services].flatMap(([name, instances]) =>
      instances.flatMap((instance) => checksOf(name, instance)),
    );
    const ofNodes = [...this.#nodeChecks].flatMap(([node, checks]) => nodeChecksOf(node, checks));
    return [...own, ...ofNodes];
  }

  #entries(name: string): unknown[] {
    return (this.#services.get(name) ?? []).map((instance, index) => {
      const { node = "agent", id, address = "", port, tags = [], meta = {}, kind } = instance;
      const weights = instance.weights ?? { Passing: 1, Warning: 1 };
      return {
        Node: { Node: node, Address: "10.0.0.1", Datacenter: "dc1" },
        Service: {
          ID: id,
          Service: name,
          Address: address,
          Port: port,
          Tags: tags,
          Meta: meta,
          Weights: weights,
          CreateIndex: index + 1,
          ModifyIndex: index + 1,
          ...(kind === undefined ? {} : { Kind: kind }),
        },
        Checks: [
          ...checksOf(name, instance),
          ...nodeChecksOf(node, this.#nodeChecks.get(node) ?? {}),
        ],
      };
    });
  }
}

function checksOf(name: string, { node = "agent", id, checks = {} }: StandInInstance): unknown[] {
  return Object.entries(checks).map(([CheckID, Status]) => ({
    Node: node,
    CheckID,
    Status,
    ServiceID: id,
    ServiceName: name,
  }));
}

function nodeChecksOf(node: string, checks: Readonly<Record<string, string>>): unknown[] {
  return Object.entries(checks).map(([CheckID, Status]) => ({
    Node: node,
    CheckID,
    Status,
    ServiceID: "",
    ServiceName: "",
  }));
}
