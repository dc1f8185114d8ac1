import { createServer, type Server, type Socket } from "node:net";
import { quietTurn } from "../../async/quiet-turn.ts";
import type { Address } from "../../model/address.ts";
import { codeOf, type Listener, type ListenResult } from "../binding.ts";
import { acceptInto } from "./accept-into.ts";
import type { Intake } from "./intake.ts";

export interface ListenerOptions {
  readonly address: Address;
  /** Share the port with listeners of other workers and of a portolan that takes our place. */
  readonly reusePort: boolean;
  /** A new client, paused and unread; with an intake, it is read by that alone. */
  readonly accepted: (client: Socket, intake?: Intake) => void;
  /** How the next client is to be read; undefined for by events, which is also the default. */
  readonly intake?: () => Intake | undefined;
}

/** Connections the kernel may hold for us while the thread is busy; the kernel clamps it to `somaxconn`. */
const backlog = 4096;

/** Longest time to empty the kernel's queue before closing, in ms. */
const mostQueueMs = 1000;

/** One bound TCP port. It stays open for the life of its service; a change of routing never closes it. */
export class TcpListener implements Listener {
  readonly #server: Server;
  readonly #accepted: () => number;
  #closed: Promise<void> | undefined;

  private constructor(server: Server, accepted: () => number) {
    this.#server = server;
    this.#accepted = accepted;
  }

  /** Binds and listens; a port in use, a missing privilege or a bad address is a result, not an exception. */
  static open({ address, reusePort, accepted, intake }: ListenerOptions): Promise<ListenResult> {
    let count = 0;
    const take = (client: Socket, reader?: Intake): void => {
      count += 1;
      accepted(client, reader);
    };
    const server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true },
      (client) => take(client),
    );
    return new Promise((resolve) => {
      server.once("error", (error) => resolve({ kind: "failed", code: codeOf(error) }));
      server.once("listening", () => {
        server.removeAllListeners("error");
        // An accept that fails (no descriptors left) concerns one client; the listener goes on.
        server.on("error", () => undefined);
        if (intake !== undefined) acceptInto(server, intake, take);
        resolve({ kind: "listening", listener: new TcpListener(server, () => count) });
      });
      try {
        server.listen({ ...address, backlog, reusePort, ipv6Only: address.host.includes(":") });
      } catch (error) {
        resolve({ kind: "failed", code: error instanceof Error ? codeOf(error) : "UNKNOWN" });
      }
    });
  }

  /** The port it is bound to. */
  get port(): number {
    const bound = this.#server.address();
    return bound !== null && typeof bound === "object" ? bound.port : 0;
  }

  /**
   * Stops listening. Connections the kernel has already completed are taken first, since closing would reset
   * them; those accepted live on.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // A turn of the loop takes about one connection from the kernel's queue; one that brings none found it empty.
    await quietTurn(this.#accepted, mostQueueMs);
    // The callback comes when the last connection ends, which may be in hours; the port is free at once.
    this.#server.close(() => undefined);
  }
}
