import type { SessionEnding } from "../../model/outcome.ts";
import type { SessionPlace } from "../tally.ts";

/** Whose datagrams a session forwards: a client's address as one of our listeners sees it. */
export interface Client {
  /** The number of the listener, from 0. */
  readonly listener: number;
  readonly host: string;
  readonly port: number;
}

/** What the table keeps of a session, within the session itself; only the table writes it. */
export interface Tracked<S> {
  readonly client: Client;
  /** When a datagram last went through, in ms. */
  seenAt: number;
  older: S | undefined;
  newer: S | undefined;
  /** Another session of the same client. */
  sibling: S | undefined;
}

/** Where places for sessions come from, for all engines together. */
export interface Places {
  take(): SessionPlace;
  give(ending: SessionEnding): void;
}

export interface SessionTableOptions {
  readonly places: Places;
  /** Every table of this engine, this one included once it is open. */
  readonly tables: Set<Evicting>;
  /** A session younger than this, in ms, is never evicted. Default 5000. */
  readonly protectedMs?: number;
}

/** Something whose longest idle session can make room. */
export interface Evicting {
  readonly oldestSeenAt: number;
  /** Ends the longest idle session; false when that was active just now, or there is none. */
  evict(now: number): boolean;
}

/** Others may take a place that was made before we do, so it is made more than once. */
const attempts = 3;

/**
 * The sessions of one service in one engine: found by client, kept in the order of their last datagram, never more than
 * there are places for. A new one takes the place of the longest idle one, but of none that is in use.
 */
export class SessionTable<
  S extends Tracked<S> & { end(ending: SessionEnding): void },
> implements Evicting {
  readonly #places: Places;
  readonly #tables: Set<Evicting>;
  readonly #protectedMs: number;
  // By host, then by listener and port: no key has to be made of them for every datagram.
  readonly #byHost = new Map<string, Map<number, S>>();
  #oldest: S | undefined;
  #newest: S | undefined;
  #size = 0;

  constructor({ places, tables, protectedMs = 5000 }: SessionTableOptions) {
    this.#places = places;
    this.#tables = tables;
    this.#protectedMs = protectedMs;
    tables.add(this);
  }

  get size(): number {
    return this.#size;
  }

  get oldestSeenAt(): number {
    return this.#oldest?.seenAt ?? Infinity;
  }

  /** The client's session, or the first of several. */
  find(listener: number, host: string, port: number): S | undefined {
    return this.#byHost.get(host)?.get(keyOf(listener, port));
  }

  /** Takes a place for one more session, from the longest idle one where there is none; false when all are in use. */
  reserve(now: number): boolean {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const place = this.#places.take();
      if (place === "taken") return true;
      const evicted = place === "service-full" ? this.evict(now) : this.#evictAnywhere(now);
      if (!evicted) return false;
    }
    return false;
  }

  /** Adds a session for which a place was reserved. */
  add(session: S, now: number): void {
    const { listener, host, port } = session.client;
    let byPort = this.#byHost.get(host);
    if (byPort === undefined) {
      byPort = new Map();
      this.#byHost.set(host, byPort);
    }
    const key = keyOf(listener, port);
    session.sibling = byPort.get(key);
    byPort.set(key, session);
    session.seenAt = now;
    this.#append(session);
    this.#size += 1;
  }

  /** Notes that a datagram goes through. */
  touch(session: S, now: number): void {
    session.seenAt = now;
    if (session === this.#newest) return;
    this.#unlink(session);
    this.#append(session);
  }

  /** Takes a session that has ended out, and gives its place back. */
  remove(session: S, ending: SessionEnding): void {
    this.#unlink(session);
    this.#forget(session);
    this.#size -= 1;
    this.#places.give(ending);
  }

  evict(now: number): boolean {
    const oldest = this.#oldest;
    if (oldest === undefined || now - oldest.seenAt < this.#protectedMs) return false;
    oldest.end("evicted");
    return true;
  }

  /** Ends every session through which nothing went since `time`. */
  endIdle(time: number): void {
    while (this.#oldest !== undefined && this.#oldest.seenAt <= time) this.#oldest.end("idle");
  }

  /** The longest idle one first; the one that is given may be removed meanwhile. */
  *[Symbol.iterator](): Iterator<S> {
    let next = this.#oldest;
    while (next !== undefined) {
      const session = next;
      next = session.newer;
      yield session;
    }
  }

  /** Ends every session, for good. */
  close(ending: SessionEnding): void {
    while (this.#oldest !== undefined) this.#oldest.end(ending);
    this.#tables.delete(this);
  }

  /** The process is full: the longest idle session of all services has to go. */
  #evictAnywhere(now: number): boolean {
    let table: Evicting | undefined;
    for (const one of this.#tables) {
      if (table === undefined || one.oldestSeenAt < table.oldestSeenAt) table = one;
    }
    return table?.evict(now) ?? false;
  }

  #append(session: S): void {
    session.newer = undefined;
    session.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = session;
    else this.#newest.newer = session;
    this.#newest = session;
  }

  #unlink({ older, newer }: S): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  #forget(session: S): void {
    const { listener, host, port } = session.client;
    const byPort = this.#byHost.get(host);
    const key = keyOf(listener, port);
    const first = byPort?.get(key);
    if (byPort === undefined || first === undefined) return;
    if (first !== session) {
      let before = first;
      while (before.sibling !== undefined && before.sibling !== session) before = before.sibling;
      before.sibling = session.sibling;
    } else if (session.sibling !== undefined) byPort.set(key, session.sibling);
    else byPort.delete(key);
    if (byPort.size === 0) this.#byHost.delete(host);
  }
}

function keyOf(listener: number, port: number): number {
  return listener * 65_536 + port;
}
