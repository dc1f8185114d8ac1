import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import type { MarathonOptions } from "../../src/demo/marathon/options.ts";
import { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import { eventually } from "../support/eventually.ts";

/** Starts a stand-in with real time and chance. */
export function startMarathon(options: Partial<MarathonOptions> = {}): Promise<EmbeddedMarathon> {
  return EmbeddedMarathon.start({ clock: Date.now, random: Math.random, ...options });
}

/** Parsed JSON, to be asserted on. */
// oxlint-disable-next-line typescript/no-explicit-any -- each assertion is the check of what it reads
export type Json = Readonly<Record<string, any>>;

/** Status and parsed body of one request; `path` is below the member's URL. */
export async function ask(
  marathon: EmbeddedMarathon,
  path: string,
  init: RequestInit & { readonly member?: number } = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Json }> {
  const url = marathon.urls[init.member ?? 0] ?? "";
  const response = await fetch(`${url}${path}`, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  const body: Json = isJson && text !== "" ? JSON.parse(text) : { text };
  return { status: response.status, headers: response.headers, body };
}

/** A file of `test/fixtures/embedded-marathon`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/embedded-marathon/${name}`, import.meta.url), "utf8");
}

/** A client that shows every read of its socket as it came. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  readonly reads: string[] = [];
  ended = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(url: string, request: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.setEncoding("latin1");
    this.socket.on("error", (error) => (this.error = error));
    this.socket.on("data", (chunk) => this.reads.push(String(chunk)));
    this.socket.on("close", () => (this.ended = true));
    this.socket.write(request);
  }

  static stream(url: string, query = "", accept = "text/event-stream"): RawClient {
    const { pathname, host } = new URL(url);
    const path = `${pathname.replace(/\/$/, "")}/v2/events${query}`;
    return new RawClient(url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\n\r\n`);
  }

  get text(): string {
    return this.reads.join("");
  }

  get head(): string {
    return this.text.slice(0, this.text.indexOf("\r\n\r\n") + 4);
  }

  get body(): string {
    return this.text.slice(this.head.length);
  }

  /** The events received so far, in order. */
  get events(): readonly Json[] {
    return [...this.body.matchAll(/^data: (.*)\r$/gm)].map(([, data]): Json =>
      JSON.parse(data ?? ""),
    );
  }

  get types(): readonly string[] {
    return this.events.map((event) => event["eventType"]);
  }

  /** Resolves once an event of this type has come. */
  async have(type: string): Promise<Json> {
    return eventually(() => this.events.find((event) => event["eventType"] === type), {
      what: type,
    });
  }

  async closed(): Promise<void> {
    await eventually(() => this.ended, { what: "the end of the connection" });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Every key of `want` is in `got`; says which are missing. */
export function hasKeys(got: Json, want: readonly string[]): void {
  const missing = want.filter((key) => !(key in got));
  assert.deepEqual(missing, []);
}
