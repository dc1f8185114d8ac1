import type { Socket } from "node:net";
import type { Header } from "../proxy-protocol/header.ts";
import { HeaderReader } from "../proxy-protocol/parse.ts";

export interface PrefaceOptions {
  /** Longest wait for the whole header, in ms; the specification asks for 3 s at least. */
  readonly timeoutMs: number;
  /** Called once: the header, with the client paused and its own first bytes put back; undefined when there is none. */
  readonly done: (header: Header | undefined) => void;
}

/** Reads the PROXY header that a client must begin with [haproxy proxy-protocol.txt §2]. */
export function readPreface(client: Socket, { timeoutMs, done }: PrefaceOptions): void {
  const reader = new HeaderReader();
  const settle = (header: Header | undefined, rest?: Buffer): void => {
    clearTimeout(timer);
    client.removeListener("data", onData);
    client.removeListener("end", onOver);
    client.removeListener("close", onOver);
    client.pause();
    // Only now: put back into a stream that flows, it would be emitted at once [node: readable.unshift].
    if (rest !== undefined && rest.length > 0) client.unshift(rest);
    done(header);
  };
  const onData = (chunk: Buffer): void => {
    const verdict = reader.feed(chunk);
    if (verdict.kind === "more") return;
    if (verdict.kind === "header") settle(verdict.header, verdict.rest);
    else settle(undefined);
  };
  const onOver = (): void => settle(undefined);
  client.on("data", onData);
  client.once("end", onOver);
  client.once("close", onOver);
  const timer = setTimeout(onOver, timeoutMs);
  client.resume();
}
