import { once } from "node:events";
import http from "node:http";

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** An HTTP server on a loopback port or a Unix socket whose answers a test writes itself. */
export class ScriptedServer implements AsyncDisposable {
  /** Path and query of every request so far. */
  readonly asked: string[] = [];
  readonly #server: http.Server;
  #answer: Answer;

  private constructor(server: http.Server, answer: Answer) {
    this.#server = server;
    this.#answer = answer;
    server.on("request", (request, response) => {
      response.on("error", () => {});
      this.asked.push(request.url ?? "");
      this.#answer(request, response);
    });
  }

  /** Listens on `path`, or on a free port when there is none. */
  static async start(answer: Answer, path?: string): Promise<ScriptedServer> {
    const server = http.createServer();
    server.on("error", () => {});
    server.on("connection", (socket) => socket.on("error", () => {}));
    if (path === undefined) server.listen(0, "127.0.0.1");
    else server.listen(path);
    await once(server, "listening");
    return new ScriptedServer(server, answer);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.port}`);
  }

  /** From now on, requests are answered so. */
  answer(answer: Answer): void {
    this.#answer = answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

/** Sends JSON with its length. */
export function sendJson(
  response: http.ServerResponse,
  document: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    ...headers,
  });
  response.end(body);
}
