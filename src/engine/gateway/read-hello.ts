import type { Socket } from "node:net";
import type { HelloFlaw } from "../../model/gateway.ts";
import { HelloReader } from "../tls-hello/hello-reader.ts";
import type { HelloReading } from "../tls-hello/client-hello.ts";
import type { HelloRoom } from "./hello-room.ts";

export interface HelloOptions {
  /** Longest wait for the whole hello, in ms. */
  readonly timeoutMs: number;
  readonly room: HelloRoom;
  /** Called once, with the client paused and everything that was read of it put back. */
  readonly done: (reading: HelloReading) => void;
}

/** Reads the hello that a TLS client begins with, and leaves it where it was. Returns what gives it up, without a word. */
export function readHello(client: Socket, { timeoutMs, room, done }: HelloOptions): () => void {
  const reader = new HelloReader();
  const pieces: Buffer[] = [];
  const stop = (): void => {
    clearTimeout(timer);
    room.leave(refuse);
    client.removeListener("data", onData);
    client.removeListener("end", onOver);
    client.removeListener("close", onOver);
    client.pause();
  };
  const settle = (reading: HelloReading): void => {
    stop();
    // Only now: put back into a stream that flows, it would be emitted at once [node: readable.unshift].
    if (reading.kind === "hello") client.unshift(Buffer.concat(pieces));
    done(reading);
  };
  const refuse = (flaw: HelloFlaw): void => settle({ kind: "bad", flaw });
  const onData = (bytes: Buffer): void => {
    pieces.push(bytes);
    const verdict = reader.feed(bytes);
    if (verdict.kind === "more") room.grow(refuse, bytes.length);
    else settle(verdict);
  };
  const onOver = (): void => refuse("truncated");
  client.on("data", onData);
  client.once("end", onOver);
  client.once("close", onOver);
  const timer = setTimeout(() => refuse("timeout"), timeoutMs);
  client.resume();
  return stop;
}
