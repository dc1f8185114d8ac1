import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, isIPv6, type Server } from "node:net";
import { hostBytes, hostText } from "../engine/proxy-protocol/addresses.ts";

/** Another process holds a lock that we asked for. */
export class PortsAreShared extends Error {
  readonly code = "PORTS_ARE_SHARED";
}

/** Something that only one portolan may do at a time on each of these addresses. */
export interface Place {
  /** `workers` have the service ports, one that is `starting` is about to; `tcp/80` has a port of the gateway. */
  readonly as: string;
  /** Addresses that ports are bound to. */
  readonly hosts: readonly string[];
}

export interface LockOptions {
  readonly places: readonly Place[];
  /** What is wrong, and what to do, when another one is there. */
  readonly taken: (host: string, as: string) => string;
}

/**
 * Keeps a second portolan from sharing our ports in silence: ports bound with SO_REUSEPORT can be bound by another
 * process of the same user too, and the kernel would give it half of our clients. The lock is an abstract socket
 * name per bind address, and per port of the gateway on its own; the kernel frees it with the process, whatever ends it [unix(7): abstract]. An address and
 * the wildcard of its family exclude each other, since the kernel would give all clients to the address; so the names
 * of others are looked at once ours are taken. Of two that begin at once, one sees the other.
 */
export class PortSharingLock implements AsyncDisposable {
  readonly #servers: Server[] = [];

  /** Locks every address of every place, or rejects, with nothing locked, saying which one another portolan holds. */
  static async take({ places, taken }: LockOptions): Promise<PortSharingLock> {
    const lock = new PortSharingLock();
    try {
      for (const place of places) await lock.#take(place, (host) => taken(host, place.as));
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    return lock;
  }

  async #take({ as, hosts }: Place, reason: (host: string) => string): Promise<void> {
    const names = hosts.map(plain);
    for (const host of names) await this.#own(`\0${prefixOf(as)}${host}`, () => reason(host));
    const other = lockedHosts(as).find(
      (host) => !names.includes(host) && names.some((own) => overlap(own, host)),
    );
    if (other !== undefined) throw new PortsAreShared(reason(other));
  }

  async #own(path: string, reason: () => string): Promise<void> {
    // Whoever knocks here has nothing to say to us.
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.destroy();
    });
    server.listen({ path });
    try {
      await once(server, "listening");
    } catch (cause) {
      const isTaken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
      throw isTaken ? new PortsAreShared(reason(), { cause }) : cause;
    }
    server.on("error", () => undefined);
    server.unref();
    this.#servers.push(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      const closed = once(server, "close");
      server.close();
      await closed;
    }
  }
}

function prefixOf(as: string): string {
  return `portolan/${as}/`;
}

/** One spelling per address. */
function plain(host: string): string {
  const bytes = hostBytes(host);
  return bytes === undefined ? host : hostText(bytes);
}

/** Addresses that somebody has locked; none where the kernel does not say [proc(5): /proc/net/unix]. */
function lockedHosts(as: string): string[] {
  let text: string;
  try {
    text = readFileSync("/proc/net/unix", "latin1");
  } catch {
    // Not Linux, which alone has abstract names.
    return [];
  }
  return text.split("\n").flatMap((line) => {
    // The kernel writes each zero byte of a name as `@`.
    const [, host] = line.split(` @${prefixOf(as)}`);
    return host === undefined ? [] : [host];
  });
}

/** True when sockets of both may get the same client. */
function overlap(one: string, other: string): boolean {
  if (isIPv6(one) !== isIPv6(other)) return false;
  return one === other || [one, other].some((host) => host === "0.0.0.0" || host === "::");
}
