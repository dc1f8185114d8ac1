import { connect, type Socket } from "node:net";
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

/** One attempt to open a connection to a replica; returns the function that gives it up. */
export function dial(address: Address, options: DialOptions): () => void {
  const { timeoutMs, buffers, done } = options;
  // allowHalfOpen: the replica's FIN must not end what the client still sends [rfc9293 §3.6].
  const how = { ...address, allowHalfOpen: true, noDelay: true };
  const intake = buffers === undefined ? undefined : new Intake(buffers);
  const socket =
    options.socket?.connect(how) ??
    connect(intake === undefined ? how : { ...how, onread: intake });
  let isSettled = false;
  const settle = (result: DialResult | undefined): void => {
    isSettled = true;
    clearTimeout(timer);
    clearImmediate(grace);
    if (result !== undefined) done(result);
  };
  socket.on("error", (error) => {
    // A late one, after the attempt was given up, belongs to nobody, but must not end the process.
    if (!isSettled) settle({ kind: "failed", failure: dialFailureOf(error) });
  });
  socket.on("connect", () => settle({ kind: "connected", socket, intake }));
  let grace: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // After a pause of the whole thread the timer comes before the events that have been waiting: they get a turn
    // first, or healthy replicas would be taken for dead [node: event loop phases].
    grace = setImmediate(() => {
      socket.destroy();
      settle({ kind: "failed", failure: "timeout" });
    });
  }, timeoutMs);
  return () => {
    settle(undefined);
    socket.destroy();
  };
}
