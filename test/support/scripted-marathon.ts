import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A request as it came in. */
export interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
}

type Respond = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A tiny Marathon on a loopback port whose every answer a test writes itself, well-formed or not. */
export class ScriptedMarathon implements AsyncDisposable {
  readonly url: URL;
  readonly requests: SeenRequest[] = [];
  /** Answers everything but the event stream. */
  onApi: Respond = (_request, response) => json(response, { apps: [] });
  /** Answers the event stream; by default it is opened and left open, without an attach event. */
  onEvents: Respond = (_request, response) => this.openStream(response);
  readonly #server: http.Server;
  readonly #streams = new Set<http.ServerResponse>();

  private constructor(server: http.Server, protocol: "http" | "https") {
    this.#server = server;
    this.url = new URL(`${protocol}://127.0.0.1:${portOf(server)}`);
    server.on("request", (request, response) => this.#respond(request, response));
  }

  /** Lists these apps; over https when told how. */
  static async start(apps?: unknown, tls?: https.ServerOptions): Promise<ScriptedMarathon> {
    const server = tls === undefined ? http.createServer() : https.createServer(tls);
    server.on("error", () => {});
    server.on("tlsClientError", () => {});
    server.on("connection", (socket) => socket.on("error", () => {}));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const marathon = new ScriptedMarathon(server, tls === undefined ? "http" : "https");
    if (apps !== undefined) marathon.serve(apps);
    return marathon;
  }

  /** From now on, `/v2/apps` lists these apps. */
  serve(apps: unknown): void {
    this.onApi = (_request, response) => json(response, { apps });
  }

  /** Fetches of `/v2/apps` so far. */
  get fetches(): number {
    return this.requests.filter(({ path }) => path.endsWith("/v2/apps")).length;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Shows another certificate to who connects from now on. */
  renew(tls: https.ServerOptions): void {
    if (!(this.#server instanceof https.Server)) throw new Error("it does not speak TLS");
    this.#server.setSecureContext(tls);
  }

  openStream(response: http.ServerResponse): void {
    response.writeHead(200, {
      "content-type": "text/event-stream;charset=utf-8",
      connection: "close",
    });
    response.flushHeaders();
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  /** Writes one event as Marathon does, to every open stream. */
  send(type: string, fields: object = {}): void {
    this.write(`event: ${type}\r\ndata: ${JSON.stringify({ ...fields, eventType: type })}\r\n\r\n`);
  }

  write(bytes: string): void {
    for (const stream of this.#streams) stream.write(bytes);
  }

  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #respond(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    this.requests.push({ path: pathname, query: searchParams, headers: request.headers });
    if (pathname.endsWith("/v2/events")) this.onEvents(request, response);
    else this.onApi(request, response);
  }
}

/** What a raw server does with a connection once the head of a request is in. */
export type RawScript = (socket: net.Socket) => void;

/** A TCP server for answers that no HTTP server would write; the event stream's requests are closed at once. */
export class RawMarathon implements AsyncDisposable {
  readonly url: URL;
  asked = 0;
  readonly #server: net.Server;
  readonly #sockets: ReadonlySet<net.Socket>;

  private constructor(server: net.Server, sockets: ReadonlySet<net.Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.url = new URL(`http://127.0.0.1:${portOf(server)}`);
  }

  static async start(script: RawScript): Promise<RawMarathon> {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.once("data", (head) => {
        if (head.includes("/v2/events")) socket.destroy();
        else {
          raw.asked += 1;
          script(socket);
        }
      });
    });
    server.on("error", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const raw = new RawMarathon(server, sockets);
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}

/** A URL on which nothing listens. */
export async function closedUrl(): Promise<URL> {
  const server = net.createServer();
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(`http://127.0.0.1:${portOf(server)}`);
  server.close();
  await once(server, "close");
  return url;
}

/** Sends a JSON document with its length. */
export function json(response: http.ServerResponse, document: unknown, status: number = 200): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

/** An app on one host port as Marathon 1.10 writes it, with one running task per given port. */
export function app(
  id: string,
  servicePort: number,
  hostPorts: readonly number[],
): Record<string, unknown> {
  return {
    id,
    networks: [{ mode: "host" }],
    portDefinitions: [{ port: servicePort, protocol: "tcp", labels: {} }],
    version: "2020-01-01T00:00:00.000Z",
    tasks: hostPorts.map((port) => task(taskId(id, port), port)),
  };
}

export function taskId(id: string, port: number): string {
  return `${instanceId(id, port)}._app.1`;
}

export function instanceId(id: string, port: number): string {
  return `${id.slice(1).replaceAll("/", "_")}.instance-00000000-0000-0000-0000-0000000${port}`;
}

function task(id: string, port: number): Record<string, unknown> {
  return {
    id,
    host: "127.0.0.1",
    ports: [port],
    state: "TASK_RUNNING",
    startedAt: "2020-01-01T00:00:01.000Z",
  };
}

/** Polls until the condition holds; fails after `withinMs` (default 10 s). */
export async function until(condition: () => boolean, withinMs: number = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline)
      throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
    await delay(5);
  }
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("server is not listening on a port");
  return address.port;
}
