import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";

/** What a sample replica on TCP speaks. */
export type StreamKind = "web" | "echo" | "kv";

/** A small real server on any free port of 127.0.0.1 that says which copy it is. */
export class SampleReplica implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => {
      // A client that goes away is no news for a sample.
      socket.on("error", () => undefined);
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
      });
    });
  }

  static async start(kind: StreamKind, name: string): Promise<SampleReplica> {
    const server = serverOf(kind, name);
    server.on("error", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bound = server.address();
    if (bound === null || typeof bound === "string")
      throw new Error("a sample replica has no port");
    return new SampleReplica(server, bound.port);
  }

  /** Dies as a killed process does: its port is closed and its connections are reset. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }
}

function serverOf(kind: StreamKind, name: string): Server {
  switch (kind) {
    case "web":
      return createHttpServer((request, response) => {
        response.on("error", () => undefined);
        response.end(`hello from ${name}, you asked for ${request.url ?? "/"}\n`);
      });
    case "echo":
      return createServer((socket) => {
        socket.write(`${name} repeats what you say\n`);
        socket.on("data", (chunk) => {
          socket.write(chunk);
        });
      });
    case "kv":
      return createServer((socket) => answerLines(socket, new Map()));
  }
}

const longestLine = 4096;

/** Enough of Redis' inline protocol for PING, SET, GET and QUIT. */
function answerLines(socket: Socket, store: Map<string, string>): void {
  let pending = "";
  socket.on("data", (chunk: Buffer) => {
    const lines = (pending + chunk.toString("latin1")).split("\n");
    pending = (lines.pop() ?? "").slice(0, longestLine);
    for (const line of lines) socket.write(answerTo(line.trim(), store));
  });
}

function answerTo(line: string, store: Map<string, string>): string {
  const [command = "", key = "", ...rest] = line.split(" ");
  switch (command.toUpperCase()) {
    case "PING":
      return "+PONG\r\n";
    case "SET":
      store.set(key, rest.join(" "));
      return "+OK\r\n";
    case "GET": {
      const value = store.get(key);
      return value === undefined ? "$-1\r\n" : `$${value.length}\r\n${value}\r\n`;
    }
    case "QUIT":
      return "+OK\r\n";
    default:
      return "-ERR unknown command\r\n";
  }
}
