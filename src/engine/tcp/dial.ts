import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { Address } from "../../model/address.ts";
import { dialFailureOf, type DialFailure } from "../../model/outcome.ts";
import { Intake } from "./intake.ts";
import type { ReadBuffers } from "./read-buffers.ts";

export interface DialOptions {
  /** Longest wait for this attempt, in ms. */
  readonly timeoutMs: number;
  /** What it is read into, by an intake; without, it is read by events. */
  readonly buffers?: ReadBuffers;
  /** What is connected, new and half open where the other side ends; a plain socket unless given. */
  readonly socket?: Socket;
  /** Called once, unless the attempt is cancelled first. The socket is open, paused and has an error listener. */
  readonly done: (result: DialResult) => void;
}

export type DialResult =
  | { readonly kind: "connected"; readonly socket: Socket; readonly intake: Intake | undefined }
  | { readonly kind: "failed"; readonly failure: DialFailure };

/** One attempt to open a connection to a replica, from now on. */
export class Dial {
  readonly #socket: Socket;
  readonly #intake: Intake | undefined;
  readonly #done: DialOptions["done"];
  readonly #timer: NodeJS.Timeout;
  #grace: NodeJS.Immediate | undefined;
  #isSettled = false;

  constructor({ host, port }: Address, { timeoutMs, buffers, socket, done }: DialOptions) {
    this.#done = done;
    // allowHalfOpen: the replica's FIN must not end what the client still sends [rfc9293 §3.6].
    const how: NetConnectOpts = { host, port, allowHalfOpen: true, noDelay: true };
    if (buffers !== undefined) how.onread = this.#intake = new Intake(buffers);
    this.#socket = socket?.connect(how) ?? connect(how);
    this.#socket.on("error", (error) => {
      // A late one, after the attempt was given up, belongs to nobody, but must not end the process.
      if (!this.#isSettled) this.#settle({ kind: "failed", failure: dialFailureOf(error) });
    });
    this.#socket.on("connect", () => {
      this.#settle({ kind: "connected", socket: this.#socket, intake: this.#intake });
    });
    this.#timer = setTimeout(() => this.#isLate(), timeoutMs);
  }

  /** Gives it up. */
  cancel(): void {
    this.#settle(undefined);
    this.#socket.destroy();
  }

  /**
   * After a pause of the whole thread the timer comes before the events that have been waiting: they get a turn first,
   * or healthy replicas would be taken for dead [node: event loop phases].
   */
  #isLate(): void {
    this.#grace = setImmediate(() => {
      this.#socket.destroy();
      this.#settle({ kind: "failed", failure: "timeout" });
    });
  }

  #settle(result: DialResult | undefined): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#grace);
    if (result !== undefined) this.#done(result);
  }
}
