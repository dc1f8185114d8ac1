import { formatAddress } from "../model/address.ts";
import type { Problem } from "../model/problem.ts";
import type { ListenerFigures } from "../model/figures.ts";
import type { ListenerReport } from "../engine/route.ts";

interface Bound {
  readonly workers: Set<number>;
  /** The code of the last failure, while some worker has not bound it since. */
  failure: string | undefined;
  /** The smallest that any worker was granted. */
  receiveBuffer: number | undefined;
}

/** The sockets of one address. */
export interface BoundSockets {
  /** Of the service or port they are for. */
  readonly key: string;
  /** One for each worker that has bound it. */
  readonly count: number;
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process has the port",
  EACCES: "ports below 1024 need CAP_NET_BIND_SERVICE or net.ipv4.ip_unprivileged_port_start",
  EADDRNOTAVAIL: "no interface of this host has the address",
};

/** Which addresses are bound by which workers, as they report it. */
export class Bindings {
  readonly #workers: number;
  readonly #byKey = new Map<string, Map<string, Bound>>();
  readonly #errors = new Map<string, number>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** Takes a worker's report; true when it is a failure that was not known yet. */
  note(worker: number, report: ListenerReport): boolean {
    const { key } = report;
    const address = formatAddress(report.address);
    const addresses = this.#byKey.get(key) ?? new Map<string, Bound>();
    this.#byKey.set(key, addresses);
    const bound = addresses.get(address) ?? unbound();
    addresses.set(address, bound);
    if (report.kind === "bind-failed") {
      this.#errors.set(report.code, (this.#errors.get(report.code) ?? 0) + 1);
      const news = bound.failure !== report.code;
      bound.failure = report.code;
      return news;
    }
    if (report.kind === "listening") {
      bound.workers.add(worker);
      bound.receiveBuffer = smaller(bound.receiveBuffer, report.receiveBuffer);
      if (bound.workers.size === this.#workers) bound.failure = undefined;
      return false;
    }
    bound.workers.delete(worker);
    if (bound.workers.size === 0) addresses.delete(address);
    if (addresses.size === 0) this.#byKey.delete(key);
    return false;
  }

  /** Forgets what a worker that died had bound. */
  forget(worker: number): void {
    for (const addresses of this.#byKey.values()) {
      for (const bound of addresses.values()) bound.workers.delete(worker);
    }
  }

  /** Forgets the failed wishes of services that are gone. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const [key, addresses] of this.#byKey) {
      if (keys.has(key)) continue;
      for (const [address, { workers }] of addresses) {
        if (workers.size === 0) addresses.delete(address);
      }
      if (addresses.size === 0) this.#byKey.delete(key);
    }
  }

  /** Addresses of a service that every worker has bound. */
  listening(key: string): string[] {
    return this.listeners(key).flatMap(({ address, bound }) => (bound ? [address] : []));
  }

  /** Every address of a service, bound or not. */
  listeners(key: string): ListenerFigures[] {
    const addresses = [...(this.#byKey.get(key) ?? [])];
    return addresses.map(([address, { workers, receiveBuffer }]) => {
      const listener = { address, bound: workers.size === this.#workers };
      return receiveBuffer === undefined ? listener : { ...listener, receiveBuffer };
    });
  }

  /** TCP sockets that workers have bound and not closed, by address. */
  sockets(): Map<string, BoundSockets> {
    const sockets = new Map<string, BoundSockets>();
    for (const [key, addresses] of this.#byKey) {
      if (key.startsWith("udp/")) continue;
      for (const [address, { workers }] of addresses) {
        if (workers.size > 0) sockets.set(address, { key, count: workers.size });
      }
    }
    return sockets;
  }

  /** Addresses that not every worker can bind, each with its key: `tcp/80 127.0.0.1:80`. */
  missing(): string[] {
    return this.#places(({ failure }) => failure !== undefined);
  }

  /** Addresses that some worker has bound, in the same words. */
  held(): string[] {
    return this.#places(({ workers }) => workers.size > 0);
  }

  /** Failed attempts so far by error code. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  /** One problem per address that cannot be bound now; `appOf` names the app that wants a service key. */
  problems(appOf: (key: string) => string): Problem[] {
    const problems: Problem[] = [];
    for (const [key, addresses] of this.#byKey) {
      for (const [address, { failure }] of addresses) {
        if (failure === undefined) continue;
        const reason = explain(address, failure);
        problems.push({ kind: "bind-failed", subject: appOf(key), reason });
      }
    }
    return problems;
  }

  #places(isMeant: (bound: Bound) => boolean): string[] {
    return [...this.#byKey].flatMap(([key, addresses]) =>
      [...addresses].flatMap(([address, bound]) => (isMeant(bound) ? [`${key} ${address}`] : [])),
    );
  }
}

function unbound(): Bound {
  return { workers: new Set(), failure: undefined, receiveBuffer: undefined };
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/** Why an address is not bound, and what to do about it. */
function explain(address: string, code: string): string {
  const hint = hints[code];
  const why = hint === undefined ? code : `${code}, ${hint}`;
  return `cannot listen on ${address}: ${why}; it is tried again until it works`;
}
