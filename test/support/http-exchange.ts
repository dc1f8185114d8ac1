import { once } from "node:events";
import type { Socket } from "node:net";
import { eventually } from "./eventually.ts";
import { TcpClient } from "./tcp-client.ts";
import { TcpReplica } from "./tcp-replica.ts";

/** What one raw client got for what it said, until the proxy ended the connection or `isDone` is true of it. */
export async function ask(
  port: number,
  bytes: string,
  isDone: (text: string) => boolean = () => false,
): Promise<TcpClient> {
  const client = await TcpClient.open(port);
  client.socket.write(bytes, "latin1");
  await eventually(() => client.ended || client.closed || isDone(client.text), {
    what: `an answer, not ${JSON.stringify(client.text)}`,
  });
  return client;
}

/** A GET that asks for the connection to end with its answer. */
export function getOnce(target = "/"): string {
  return `GET ${target} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`;
}

/** A GET on a connection that is to stay. */
export function get(target = "/"): string {
  return `GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
}

/** A replica, on 127.0.0.1 or another address, whose `answer` is called with each request's head, in Latin-1, once it has come whole. */
export function answering(
  answer: (socket: Socket, head: string, index: number) => void,
  host?: string,
): Promise<TcpReplica> {
  let index = 0;
  const serve = (socket: Socket): void => {
    let held = "";
    socket.on("data", (bytes: Buffer) => {
      held += bytes.toString("latin1");
      for (let end = held.indexOf("\r\n\r\n"); end !== -1; end = held.indexOf("\r\n\r\n")) {
        const head = held.slice(0, end + 4);
        held = held.slice(end + 4);
        answer(socket, head, index);
        index += 1;
      }
    });
    socket.on("end", () => socket.end());
  };
  return TcpReplica.start(serve, 0, host);
}

/** Answers every request with these words. */
export function saying(text: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`, "latin1");
  };
}

export async function closed(socket: Socket | undefined): Promise<void> {
  if (socket !== undefined && !socket.closed) await once(socket, "close");
}
