import { once } from "node:events";
import { chmod, rename, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { formatAnswer, linesFrom, parseRequest, type Answer } from "./wire.ts";

/** The one that serves, as far as it can be asked to yield. */
export interface Incumbent {
  /** Why it must not yield to one that cannot bind these addresses; undefined when it may. */
  objection(missing: readonly string[]): string | undefined;
  /** Gives up its ports; settles when nothing more arrives at it. Again and again the same. */
  yield(): Promise<void>;
}

const mostConnections = 16;

/** The socket at which a successor finds us and asks us to yield; only our own user and root can connect. */
export class TakeoverPort implements AsyncDisposable {
  readonly #server: Server;
  readonly #incumbent: Incumbent;
  readonly #sockets = new Set<Socket>();
  #isLeaving = false;

  private constructor(server: Server, incumbent: Incumbent) {
    this.#server = server;
    this.#incumbent = incumbent;
    server.maxConnections = mostConnections;
    server.on("connection", (socket) => {
      // Its end is seen where it is read.
      socket.on("error", () => undefined);
      this.#sockets.add(socket);
      if (this.#isLeaving) socket.write(formatAnswer({ kind: "yielding" }));
      socket.once("close", () => {
        this.#sockets.delete(socket);
      });
      void this.#serve(socket);
    });
  }

  /**
   * Listens at the path from now on, in the place of whoever was there. The path stays when this ends: a connect to what is
   * left is refused, and taking it away could take away a successor's.
   */
  static async open(path: string, incumbent: Incumbent): Promise<TakeoverPort> {
    const server = createServer();
    const port = new TakeoverPort(server, incumbent);
    // The name that others know leads to it only once its rights are set.
    const draft = `${path}.${process.pid}`;
    try {
      // Left behind by one that died before it was renamed; in containers all processes have the same number.
      await rm(draft, { force: true });
      server.listen({ path: draft });
      await once(server, "listening");
      server.on("error", () => undefined);
      await chmod(draft, 0o600);
      await rename(draft, path);
    } catch (cause) {
      server.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`cannot listen for a successor at ${path}: ${reason}`, { cause });
    }
    server.unref();
    return port;
  }

  /** Tells successors, those that come later too, that they need not ask: nobody is served here any more. */
  leaving(): void {
    this.#isLeaving = true;
    for (const socket of this.#sockets) socket.write(formatAnswer({ kind: "yielding" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    const say = (answer: Answer): void => {
      if (socket.writable) socket.write(formatAnswer(answer));
    };
    try {
      for await (const line of linesFrom(socket)) {
        const request = parseRequest(line);
        if (request !== undefined) await this.#answer(request.missing, say);
      }
    } catch {
      // A successor that broke off has changed its mind, or died: there is nobody to tell.
      socket.destroy();
    }
  }

  async #answer(missing: readonly string[], say: (answer: Answer) => void): Promise<void> {
    const reason = this.#incumbent.objection(missing);
    if (reason !== undefined) {
      say({ kind: "refused", reason });
      return;
    }
    say({ kind: "yielding" });
    await this.#incumbent.yield();
    say({ kind: "yielded" });
  }
}
