import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Another process holds a lock that we asked for. */
export class PortsAreShared extends Error {
  readonly code = "PORTS_ARE_SHARED";
}

export interface LockOptions {
  /** Addresses that ports are bound to. */
  readonly hosts: readonly string[];
  /** What only one portolan may do there at a time: have the ports, or be about to get them. */
  readonly as: "workers" | "starting";
  /** What is wrong, and what to do, when another one does. */
  readonly taken: (host: string) => string;
}

/**
 * Keeps a second portolan from sharing our ports in silence: ports bound with SO_REUSEPORT can be bound by another
 * process of the same user too, and the kernel would give it half of our clients. The lock is an abstract socket
 * name per bind address; the kernel frees it with the process, whatever ends it [unix(7): abstract].
 */
export class PortSharingLock implements AsyncDisposable {
  readonly #servers: Server[] = [];

  /** Locks every address, or rejects, with nothing locked, saying which one another portolan holds. */
  static async take({ hosts, as, taken }: LockOptions): Promise<PortSharingLock> {
    const lock = new PortSharingLock();
    try {
      for (const host of hosts) await lock.#take(`\0portolan/${as}/${host}`, () => taken(host));
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    return lock;
  }

  async #take(path: string, reason: () => string): Promise<void> {
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
