import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Keeps a second portolan from sharing our ports in silence: ports bound with SO_REUSEPORT can be bound by another
 * process of the same user too, and the kernel would give it half of our clients. The lock is an abstract socket
 * name per bind address; the kernel frees it with the process, whatever ends it [unix(7): abstract].
 */
export class PortSharingLock implements AsyncDisposable {
  readonly #servers: Server[] = [];

  /** Locks every address, or rejects, with nothing locked, saying which one another portolan holds. */
  static async take(hosts: readonly string[]): Promise<PortSharingLock> {
    const lock = new PortSharingLock();
    try {
      for (const host of hosts) await lock.#take(host);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    return lock;
  }

  async #take(host: string): Promise<void> {
    // Whoever knocks here has nothing to say to us.
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.destroy();
    });
    server.listen({ path: `\0portolan/workers/${host}` });
    try {
      await once(server, "listening");
    } catch (cause) {
      const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
      if (!taken) throw cause;
      const reason = `another portolan with several workers serves on ${host}: stop it, give this one another --bind, or use --workers 1`;
      throw new Error(reason, { cause });
    }
    server.on("error", () => undefined);
    server.unref();
    this.#servers.push(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.close();
      await once(server, "close");
    }
  }
}
