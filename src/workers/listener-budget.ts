import { formatAddress } from "../model/address.ts";
import type { Problem } from "../model/problem.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { Route, Table } from "../routing/table.ts";
import { descriptorLimit, mostListeners, processLimits, type ProcessLimits } from "./this-host.ts";

export interface ListenerBudgetOptions {
  /** Threads that open each port. */
  readonly workers: number;
  /** IP literals that each port is opened on. */
  readonly hosts: readonly string[];
  /** Descriptors the process may have open. Default: what the kernel grants it. */
  readonly descriptors?: number;
}

/** Descriptors of the runtime's own for each thread beside the first one; measured: 5. */
const perThread = 6;

/** Ports that a problem names one by one. */
const mostNamed = 5;

/**
 * Which services have their ports opened when there are more than the descriptors allow. Who has one keeps it; a free place
 * goes to the app with the fewest, so that one app of a thousand ports takes them from nobody else.
 */
export class ListenerBudget {
  readonly #hosts: readonly string[];
  readonly #descriptors: number;
  /** Listeners that one service takes. */
  readonly #perService: number;
  /** Services whose ports may be open at the same time. */
  readonly #most: number;
  readonly #open = new Set<string>();
  #left: readonly Route[] = [];

  constructor({ workers, hosts, descriptors = descriptorLimit() }: ListenerBudgetOptions) {
    this.#hosts = hosts;
    this.#descriptors = descriptors - perThread * (workers - 1);
    this.#perService = workers * hosts.length;
    this.#most = Math.max(1, Math.floor(mostListeners(this.#descriptors) / this.#perService));
  }

  /** What is left to the clients of a table's services. */
  leftFor({ routes }: Table): ProcessLimits {
    const listeners = this.#open.size * this.#perService;
    const hasDatagrams = routes.some(({ protocol }) => protocol === "udp");
    return processLimits({ descriptors: this.#descriptors, listeners, hasDatagrams });
  }

  /** What of the changes that lead to this table concerns services with a place; those that get one now are added. */
  admit({ routes }: Table, changes: readonly RouteChange[]): RouteChange[] {
    const keys = new Set(routes.map(({ key }) => key));
    for (const key of this.#open) if (!keys.has(key)) this.#open.delete(key);
    const known = changes.filter(({ kind, key }) => kind === "removed" || this.#open.has(key));
    const waiting = fewestFirst(routes, this.#open);
    const admitted = waiting.slice(0, Math.max(0, this.#most - this.#open.size));
    this.#left = waiting.slice(admitted.length);
    for (const { key } of admitted) this.#open.add(key);
    const added = admitted.map((after): RouteChange => ({ kind: "added", key: after.key, after }));
    return [...known, ...added];
  }

  /** Addresses without a place, each with its key, as `Bindings` has them. */
  missing(): string[] {
    return this.#left.flatMap(({ key, port }) =>
      this.#hosts.map((host) => `${key} ${formatAddress({ host, port })}`),
    );
  }

  /** One problem per app that has ports without a place. */
  problems(): Problem[] {
    const byApp = Map.groupBy(this.#left, ({ app }) => app);
    return [...byApp].map(([subject, routes]) => {
      const named = routes.slice(0, mostNamed).map(({ key }) => key);
      const more = routes.length > mostNamed ? ` and ${routes.length - mostNamed} more` : "";
      const reason = `${named.join(", ")}${more} not opened: all ${this.#most} ports that the limit of descriptors allows are; raise the limit (ulimit -n), or have fewer`;
      return { kind: "limit-reached", subject, reason };
    });
  }
}

/** Those that are not open, an app's first port before the second of any. */
function fewestFirst(routes: readonly Route[], open: ReadonlySet<string>): Route[] {
  if (routes.length === open.size) return [];
  const ports = new Map<string, number>();
  const count = (app: string): number => {
    const before = ports.get(app) ?? 0;
    ports.set(app, before + 1);
    return before;
  };
  for (const { key, app } of routes) if (open.has(key)) count(app);
  return routes
    .filter(({ key }) => !open.has(key))
    .map((route) => ({ route, before: count(route.app) }))
    .toSorted((one, other) => one.before - other.before)
    .map(({ route }) => route);
}
