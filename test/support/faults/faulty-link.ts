import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { pass, type Stage, type Way } from "./stage.ts";

export interface FaultyLinkOptions {
  /** What happens to bytes on their way to the target, first stage first. Default: nothing. */
  readonly upload?: readonly Stage[];
  /** What happens to bytes on their way back. Default: nothing. */
  readonly download?: readonly Stage[];
}

/**
 * A port before another port of 127.0.0.1, with faults on the way between them. Without stages it is faithful:
 * bytes, half-closes and resets come through.
 */
export class FaultyLink implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #passes = new Set<Promise<void>>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on any free port; every connection to it opens one to `target`. */
  static async start(target: number, options: FaultyLinkOptions = {}): Promise<FaultyLink> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("no port");
    const link = new FaultyLink(server, bound.port);
    server.on("error", () => undefined);
    server.on("connection", (near) => link.#join(near, target, options));
    return link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
    await Promise.all(this.#passes);
  }

  #join(near: Socket, target: number, { upload = [], download = [] }: FaultyLinkOptions): void {
    const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.#track(near, far);
    this.#track(far, near);
    far.once("connect", () => {
      this.#carry(near, far, upload);
      this.#carry(far, near, download);
    });
  }

  /** A broken side breaks the other one the same way. */
  #track(socket: Socket, opposite: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => opposite.resetAndDestroy());
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #carry(from: Socket, to: Socket, stages: readonly Stage[]): void {
    const controller = new AbortController();
    to.once("close", () => controller.abort());
    if (to.destroyed) controller.abort();
    const run = carry({ from, to, signal: controller.signal }, stages);
    this.#passes.add(run);
    void run.finally(() => this.#passes.delete(run));
  }
}

async function carry(way: Way, stages: readonly Stage[]): Promise<void> {
  try {
    await pass(way, stages);
  } catch (error) {
    // A closed socket ends the passing in many ways; what became of it shows at the sockets. All else is a mistake.
    if (!way.from.destroyed && !way.to.destroyed) throw error;
  }
}
