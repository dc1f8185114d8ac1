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

/** A document, with the index of the last change of what it is made of. */
interface StandInAnswer {
  readonly index: number;
  /** Null for a path that does not exist. */
  readonly document: unknown;
}

const servicePath = /^\/v1\/health\/service\/(.+)$/;

/** What one server of Consul knows at one moment; a change makes another one. */
export class ConsulStore {
  readonly #services: ReadonlyMap<string, readonly StandInInstance[]>;
  readonly #nodeChecks: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Index of the last change by table, and by service as `service.<name>` [consul: state store, index table]. */
  readonly #indexes: ReadonlyMap<string, number>;
  readonly index: number;

  constructor(
    index: number,
    services: ReadonlyMap<string, readonly StandInInstance[]> = new Map(),
    rest: {
      nodeChecks?: ReadonlyMap<string, Readonly<Record<string, string>>>;
      indexes?: ReadonlyMap<string, number>;
    } = {},
  ) {
    this.index = index;
    this.#services = services;
    this.#nodeChecks = rest.nodeChecks ?? new Map();
    this.#indexes = rest.indexes ?? new Map();
  }

  /** With the instances of a service in place of those it had; none deregisters it. */
  withService(name: string, instances: readonly StandInInstance[]): ConsulStore {
    const services = new Map(this.#services);
    if (instances.length === 0) services.delete(name);
    else services.set(name, instances);
    return this.#next({ services }, ["services", "checks", `service.${name}`]);
  }

  withChecks(name: string, id: string, checks: Readonly<Record<string, string>>): ConsulStore {
    const instances = this.#services.get(name) ?? [];
    const next = instances.map((one) => (one.id === id ? { ...one, checks } : one));
    const services = new Map(this.#services).set(name, next);
    return this.#next({ services }, ["checks", `service.${name}`]);
  }

  withNodeChecks(node: string, checks: Readonly<Record<string, string>>): ConsulStore {
    const nodeChecks = new Map(this.#nodeChecks).set(node, checks);
    const touched = [...this.#services]
      .filter(([, instances]) => instances.some((one) => (one.node ?? "agent") === node))
      .map(([name]) => `service.${name}`);
    return this.#next({ nodeChecks }, ["checks", ...touched]);
  }

  /** A change of some check that touches no service. */
  stirred(): ConsulStore {
    return this.#next({}, ["checks"]);
  }

  /** The same contents in a store that has just been made. */
  restored(): ConsulStore {
    return new ConsulStore(2, this.#services, { nodeChecks: this.#nodeChecks });
  }

  /** What a path says to whoever may not see `hidden`. */
  read(path: string, hidden: ReadonlySet<string>): StandInAnswer {
    const [, encoded] = servicePath.exec(path) ?? [];
    if (encoded !== undefined) {
      const name = decodeURIComponent(encoded);
      // A service that does not exist has the index of the last one that ceased to: that of all, here.
      const own = this.#services.has(name) ? `service.${name}` : "services";
      return { index: this.#indexOf(own), document: hidden.has(name) ? [] : this.#entries(name) };
    }
    if (path === "/v1/catalog/services")
      return { index: this.#indexOf("services"), document: this.#catalog(hidden) };
    const isChecks = path === "/v1/health/state/any";
    return { index: this.#indexOf("checks"), document: isChecks ? this.#allChecks(hidden) : null };
  }

  #next(
    change: {
      services?: ReadonlyMap<string, readonly StandInInstance[]>;
      nodeChecks?: ReadonlyMap<string, Readonly<Record<string, string>>>;
    },
    touched: readonly string[],
  ): ConsulStore {
    const index = this.index + 1;
    const indexes = new Map([...this.#indexes, ...touched.map((name) => [name, index] as const)]);
    const { services = this.#services, nodeChecks = this.#nodeChecks } = change;
    return new ConsulStore(index, services, { nodeChecks, indexes });
  }

  #indexOf(name: string): number {
    return this.#indexes.get(name) ?? Math.min(this.index, 10);
  }

  #catalog(hidden: ReadonlySet<string>): Record<string, readonly string[]> {
    const services = this.#visible(hidden).map(
      ([name, instances]) =>
        [name, [...new Set(instances.flatMap(({ tags = [] }) => tags))]] as const,
    );
    return { consul: [], ...Object.fromEntries(services) };
  }

  #allChecks(hidden: ReadonlySet<string>): unknown[] {
    const own = this.#visible(hidden).flatMap(([name, instances]) =>
      instances.flatMap((instance) => checksOf(name, instance)),
    );
    const ofNodes = [...this.#nodeChecks].flatMap(([node, checks]) => nodeChecksOf(node, checks));
    return [...own, ...ofNodes];
  }

  #visible(hidden: ReadonlySet<string>): (readonly [string, readonly StandInInstance[]])[] {
    return [...this.#services].filter(([name]) => !hidden.has(name));
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
