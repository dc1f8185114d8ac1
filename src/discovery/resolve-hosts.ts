import { isIP } from "node:net";

import { Latest } from "../async/latest.ts";
import { printable, problemKey, type Problem } from "../model/problem.ts";
import type { Replica } from "../model/replica.ts";
import type { Service } from "../model/service.ts";
import { HostResolver, type HostResolverOptions } from "./host-resolver.ts";
import type { SourceState } from "./source.ts";

/** Options of `resolveHosts`; those of HostResolver, and how long the first whole state waits for its names. */
export interface ResolveHostsOptions extends HostResolverOptions {
  /** Default 5000 ms. */
  readonly firstWaitMs?: number;
  /** How often what has its addresses is yielded meanwhile, in ms; Infinity for never. Default 250. */
  readonly partialMs?: number;
}

/**
 * The same states with addresses in place of host names. Until all names of the first one have been asked for, partial
 * states have what is known already, so that a slow name delays only its own replicas. Later, a replica whose name has no address is left out with an
 * `unresolved-host` problem; when a name resolves or moves, the newest state is yielded again. `states` must end
 * when the same signal aborts.
 */
export async function* resolveHosts(
  states: AsyncIterable<SourceState>,
  options: ResolveHostsOptions,
  signal: AbortSignal,
): AsyncGenerator<SourceState, void, void> {
  if (signal.aborted) return;
  const life = new AbortController();
  const stop = (): void => life.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const resolution = new Resolution(options, life.signal);
  const iterator = states[Symbol.asyncIterator]();
  const reading = resolution.read(iterator);
  // Its failure is thrown below, once the last state has been taken.
  reading.catch(() => {});
  try {
    yield* resolution.resolved.values(life.signal);
    // Once the states have failed, so does this.
    await (life.signal.aborted ? undefined : reading);
  } finally {
    signal.removeEventListener("abort", stop);
    life.abort();
    const ended = Promise.allSettled([iterator.return?.(), reading]);
    // Only the signal can end a source that is waiting: without it, there is nothing to wait for.
    if (signal.aborted) await ended;
  }
}

/** The newest state and the resolver that follows its names. */
class Resolution {
  readonly resolved = new Latest<SourceState>();
  readonly #resolver: HostResolver;
  readonly #signal: AbortSignal;
  readonly #firstWaitMs: number;
  readonly #partialMs: number;
  #newest: SourceState | undefined;
  #isReady = false;
  #first: Promise<void> | undefined;
  /** Few services are new at a time. */
  readonly #names = new WeakMap<Service, readonly string[]>();
  /** What has been made of services since an address changed last: who gets one again can tell that it is the same. */
  #made = new WeakMap<Service, Resolved>();

  constructor(
    { firstWaitMs = 5000, partialMs = 250, ...options }: ResolveHostsOptions,
    signal: AbortSignal,
  ) {
    this.#resolver = new HostResolver(options, () => this.#changed(), signal);
    this.#signal = signal;
    this.#firstWaitMs = firstWaitMs;
    this.#partialMs = partialMs;
  }

  async read(states: AsyncIterator<SourceState>): Promise<void> {
    try {
      for (let next = await states.next(); next.done !== true; next = await states.next()) {
        if (this.#signal.aborted) return;
        this.#newest = next.value;
        this.#resolver.want(new Set(next.value.services.flatMap((one) => this.#namesOf(one))));
        // A newer state may come while the first one waits; it then takes its place.
        this.#first ??= this.#becomeReady();
        if (this.#isReady) this.#publish();
      }
      await this.#first;
    } finally {
      this.resolved.close();
    }
  }

  async #becomeReady(): Promise<void> {
    const until = performance.now() + this.#firstWaitMs;
    for (let leftMs = this.#firstWaitMs; leftMs > 0; leftMs = until - performance.now()) {
      const hasSettled = await this.#resolver.settled(Math.min(leftMs, this.#partialMs));
      if (hasSettled || this.#partialMs >= leftMs) break;
      this.#publish();
    }
    this.#isReady = true;
    this.#changed();
  }

  /** The hosts of a service that are no addresses. */
  #namesOf(service: Service): readonly string[] {
    const known = this.#names.get(service);
    if (known !== undefined) return known;
    const hosts = new Set(service.replicas.map(({ address }) => address.host));
    const names = [...hosts].filter((host) => isIP(host) === 0);
    this.#names.set(service, names);
    return names;
  }

  #publish(): void {
    if (this.#newest === undefined) return;
    const { services, problems, ...rest } = this.#newest;
    const resolved = services.map((service) => this.#resolve(service));
    // With nothing to serve yet there is nothing to tell.
    if (!this.#isReady && resolved.every(({ service }) => service.isAwaited)) return;
    const unresolvable = new Map(
      resolved.flatMap((one) => one.problems.map((problem) => [problemKey(problem), problem])),
    );
    this.resolved.set({
      ...rest,
      ...(this.#isReady ? {} : { isPartial: true }),
      services: resolved.map(({ service }) => service),
      problems: [...problems, ...unresolvable.values()],
    });
  }

  #changed(): void {
    this.#made = new WeakMap();
    if (this.#isReady) this.#publish();
  }

  #resolve(service: Service): Resolved {
    const known = this.#made.get(service);
    if (known !== undefined) return known;
    const isPlain = this.#namesOf(service).length === 0;
    const isAwaited = (name: string): boolean => !this.#isReady && this.#resolver.isAwaited(name);
    const resolved = isPlain
      ? { service, problems: [] }
      : resolveService(service, this.#resolver, isAwaited);
    // A name without an address is asked for again and again, and any answer is a change.
    this.#made.set(service, resolved);
    return resolved;
  }
}

/** A service with addresses, and the names that have none. */
interface Resolved {
  readonly service: Service;
  readonly problems: readonly Problem[];
}

function resolveService(
  service: Service,
  resolver: HostResolver,
  isAwaited: (name: string) => boolean,
): Resolved {
  const problems: Problem[] = [];
  const replicas: Replica[] = [];
  let awaited = 0;
  for (const replica of service.replicas) {
    const { host, port } = replica.address;
    const address = isIP(host) === 0 ? resolver.addressOf(host) : host;
    if (address === undefined && isAwaited(host)) awaited += 1;
    else if (address === undefined) problems.push(unresolved(service.app, host));
    else if (address === host) replicas.push(replica);
    else replicas.push({ ...replica, address: { host: address, port }, dialName: host });
  }
  const known = { ...service, replicas };
  return { service: awaited === 0 ? known : { ...known, isAwaited: true }, problems };
}

function unresolved(app: string, host: string): Problem {
  return {
    kind: "unresolved-host",
    subject: app,
    reason: `host ${printable(host)} has no address: its replicas are left out`,
  };
}
