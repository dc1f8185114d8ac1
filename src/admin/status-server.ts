import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { formatAddress, type Address } from "../model/address.ts";
import { endWith, lengthOf, type Body } from "./body.ts";
import { isMeantForUs } from "./host-check.ts";
import { closeIdleBeyond } from "./idle-connections.ts";
import { hasLargeBody, RequestLimits } from "./request-limits.ts";

/** What a path answers with. */
export interface Reply {
  readonly status: number;
  /** The content type. */
  readonly type: string;
  readonly body: Body;
  /** Beside those that every answer has, or in place of them; in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that goes on until the client leaves. */
interface Streaming {
  /** The content type. */
  readonly type: string;
  /** Begins once the head was written. */
  readonly stream: (response: ServerResponse) => void;
}

/** What a page is asked beside its path. */
export interface Question {
  /** What follows the path of a page that ends in a slash; percent-decoded. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** The Accept header; empty without one. */
  readonly accept: string;
}

/** Answers one path; a rejection becomes a 500 without details. */
export type Page = (question: Question) => Reply | Streaming | Promise<Reply>;

/** What is asked to be done. */
interface Order {
  /** What follows the path of the action, percent-decoded. */
  readonly rest: string;
  /** The Authorization header; empty without one. */
  readonly authorization: string;
  /** The Origin header, which web pages send. */
  readonly origin: string | undefined;
}

/** Carries out what a POST asks for; a rejection becomes a 500 without details. Bodies are not read. */
export type Action = (order: Order) => Reply | Promise<Reply>;

export interface StatusServerOptions {
  readonly address: Address;
  /** Share the port with a portolan that takes our place. Default: false. */
  readonly reusePort?: boolean;
  /** By exact path, or by everything up to a slash at its end. */
  readonly pages: ReadonlyMap<string, Page>;
  /** What POST can have done, by everything up to a slash at its end. Default: nothing. */
  readonly actions?: ReadonlyMap<string, Action>;
  /** Told of a page that threw. */
  readonly failed: (path: string, error: unknown) => void;
  /** Names of this host, in lower case, for browsers that ask by name. Default: none but `localhost` and the like. */
  readonly ownNames?: ReadonlySet<string>;
  /** What all readers together may ask. Default: what `RequestLimits` has for usual. */
  readonly limits?: RequestLimits;
}

const mostConnections = 64;

/** Bytes of a request's line and headers; more is answered 431. */
const longestHead = 16 * 1024;

/** Of these, kept for newcomers: idle connections make room for them. */
const reserve = 8;

/** A reader that takes nothing for so long is given up, in ms; longer than the pause between two heartbeats. */
const stalledMs = 30_000;

/** Nothing that we answer may be shown inside, or be read by, a page of somebody else. */
const usualHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Characters of a foreign URL that are worth a log line. */
const longestShown = 200;

/** The read-only status port: a fixed set of pages, answered from memory. */
export class StatusServer implements AsyncDisposable {
  readonly #server: Server;
  /** Where it listens, or did, `host:port`. */
  readonly address: string;
  readonly port: number;
  #accepted = 0;

  private constructor(server: Server) {
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("it does not listen");
    this.port = bound.port;
    this.address = formatAddress({ host: bound.address, port: bound.port });
    server.on("connection", () => {
      this.#accepted += 1;
    });
  }

  /** Binds and listens; rejects when the address cannot be bound. Port 0 takes a free one. */
  static open({ address, reusePort = false, ...rest }: StatusServerOptions): Promise<StatusServer> {
    const { failed, limits = new RequestLimits() } = rest;
    const times = {
      headersTimeout: 5000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 2000,
    };
    const server = createServer({ ...times, maxHeaderSize: longestHead }, (request, response) => {
      void answer({ request, response, ...rest, limits });
    });
    // More would only be another way to use up descriptors that connections need.
    server.maxConnections = mostConnections;
    server.timeout = stalledMs;
    closeIdleBeyond(mostConnections - reserve, server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address.host, port: address.port, reusePort }, () => {
        server.removeListener("error", reject);
        server.on("error", (error) => failed("listener", error));
        resolve(new StatusServer(server));
      });
    });
  }

  /** Connections so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Stops listening; those who are there get this long for their answers, in ms. */
  async close(graceMs: number): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
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

interface Exchange extends Pick<StatusServerOptions, "pages" | "actions" | "failed" | "ownNames"> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly limits: RequestLimits;
}

async function answer({ request, response, failed, limits, ...rest }: Exchange): Promise<void> {
  // A client that goes away in the middle is its own business.
  response.on("error", () => undefined);
  const { url = "/", method } = request;
  const reply =
    refuse(request, limits) ??
    (await replyTo(request, rest).catch((error: unknown) => {
      failed(url.slice(0, longestShown), error);
      return text(500, "internal error\n");
    }));
  if ("stream" in reply) {
    response.writeHead(200, { ...usualHeaders, "content-type": reply.type });
    if (method === "HEAD") response.end();
    else reply.stream(response);
    return;
  }
  const length = lengthOf(reply.body);
  limits.answered(length);
  response.writeHead(reply.status, {
    ...usualHeaders,
    "content-type": reply.type,
    "content-length": length,
    ...reply.headers,
  });
  if (method === "HEAD") response.end();
  else endWith(response, reply.body);
}

/** The answer to what is too much or too large; undefined for what is neither. */
function refuse(request: IncomingMessage, limits: RequestLimits): Reply | undefined {
  if (hasLargeBody(request)) {
    // The rest of it is not waited for.
    return { ...text(413, "bodies are not read here\n"), headers: { connection: "close" } };
  }
  const [path = "/"] = (request.url ?? "/").split("?", 1);
  if (limits.admit(path, performance.now())) return undefined;
  const later = { "retry-after": "1" };
  return { ...text(429, "too much is asked at once: try again in a second\n"), headers: later };
}

async function replyTo(
  { method, url = "/", headers }: IncomingMessage,
  { pages, actions, ownNames }: Pick<StatusServerOptions, "pages" | "actions" | "ownNames">,
): Promise<Reply | Streaming> {
  const [path = "/", query = ""] = url.split("?", 2);
  if (!isMeantForUs(path, headers, ownNames)) {
    return text(421, "not by this name: ask by an address, or name this host in --host-name\n");
  }
  const asked = method === "POST" ? find(path, actions) : undefined;
  if (asked !== undefined) return await carryOut(asked, headers);
  const found = find(path, pages);
  if (found === undefined) return text(404, "not found\n");
  const isRead = method === "GET" || method === "HEAD";
  return isRead
    ? await show(found, query, headers)
    : text(405, "only GET and HEAD are answered here\n");
}

function show(
  { of, rest }: Found<Page>,
  query: string,
  { accept = "" }: IncomingMessage["headers"],
): ReturnType<Page> {
  return of({ rest, query: new URLSearchParams(query), accept });
}

function carryOut(
  { of, rest }: Found<Action>,
  { authorization = "", origin }: IncomingMessage["headers"],
): Reply | Promise<Reply> {
  return of({ rest, authorization, origin });
}

/** What answers a path, and what follows its own path. */
interface Found<T> {
  readonly of: T;
  readonly rest: string;
}

function find<T>(path: string, byPath: ReadonlyMap<string, T> = new Map()): Found<T> | undefined {
  const exact = byPath.get(path);
  if (exact !== undefined) return { of: exact, rest: "" };
  for (const [prefix, of] of byPath) {
    if (prefix === "/" || !prefix.endsWith("/") || !path.startsWith(prefix)) continue;
    const rest = decoded(path.slice(prefix.length));
    return rest === undefined ? undefined : { of, rest };
  }
  return undefined;
}

function decoded(escaped: string): string | undefined {
  try {
    return decodeURIComponent(escaped);
  } catch {
    // A percent sign that starts nothing names no page.
    return undefined;
  }
}

/** A plain text reply. */
export function text(status: number, body: string): Reply {
  return { status, type: "text/plain; charset=utf-8", body };
}

/** A JSON reply. */
export function json(value: unknown, status: number = 200): Reply {
  return {
    status,
    type: "application/json; charset=utf-8",
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}
