import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { formatAddress, type Address } from "../model/address.ts";

/** What a path answers with. */
export interface Reply {
  readonly status: number;
  /** The content type. */
  readonly type: string;
  readonly body: string;
}

/** Answers one path; a rejection becomes a 500 without details. */
export type Page = () => Reply | Promise<Reply>;

export interface StatusServerOptions {
  readonly address: Address;
  /** Exact paths. */
  readonly pages: ReadonlyMap<string, Page>;
  /** Told of a page that threw. */
  readonly failed: (path: string, error: unknown) => void;
}

const mostConnections = 64;

/** The read-only status port: a fixed set of pages, answered from memory. */
export class StatusServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Binds and listens; rejects when the address cannot be bound. Port 0 takes a free one. */
  static open({ address, pages, failed }: StatusServerOptions): Promise<StatusServer> {
    const server = createServer(
      { headersTimeout: 5000, requestTimeout: 10_000 },
      (request, response) => {
        void answer({ request, response, pages, failed });
      },
    );
    // More would only be another way to use up descriptors that connections need.
    server.maxConnections = mostConnections;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address.host, port: address.port }, () => {
        server.removeListener("error", reject);
        server.on("error", (error) => failed("listener", error));
        resolve(new StatusServer(server));
      });
    });
  }

  /** Where it listens, `host:port`. */
  get address(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") return "closed";
    return formatAddress({ host: bound.address, port: bound.port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }
}

interface Exchange extends Pick<StatusServerOptions, "pages" | "failed"> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer({ request, response, pages, failed }: Exchange): Promise<void> {
  // A client that goes away in the middle is its own business.
  response.on("error", () => undefined);
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const reply = await replyTo(request.method ?? "GET", pages.get(path)).catch((error: unknown) => {
    failed(path, error);
    return text(500, "internal error\n");
  });
  response.writeHead(reply.status, {
    "content-type": reply.type,
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}

async function replyTo(method: string, page: Page | undefined): Promise<Reply> {
  if (page === undefined) return text(404, "not found\n");
  if (method !== "GET" && method !== "HEAD")
    return text(405, "only GET and HEAD are answered here\n");
  return await page();
}

/** A plain text reply. */
export function text(status: number, body: string): Reply {
  return { status, type: "text/plain; charset=utf-8", body };
}

/** A JSON reply. */
export function json(value: unknown): Reply {
  return {
    status: 200,
    type: "application/json; charset=utf-8",
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}
