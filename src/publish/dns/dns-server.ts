import { networkInterfaces } from "node:os";
import type { Address } from "../../model/address.ts";
import type { Logger } from "../../model/logger.ts";
import type { Problem } from "../../model/problem.ts";
import type { Table } from "../../routing/table.ts";
import { Forwarder, type ForwarderFigures } from "./forwarder.ts";
import { isName } from "./names.ts";
import { responseCodes, type Query } from "./query.ts";
import { Responder, type Transport } from "./responder.ts";
import { TcpPort } from "./tcp-port.ts";
import { UdpPort } from "./udp-port.ts";

export interface DnsServerOptions {
  /** Bound for UDP and TCP; port 0 takes one that is free for both. */
  readonly address: Address;
  /** Share the port with a portolan that takes our place. Default: false. */
  readonly reusePort?: boolean | undefined;
  /** What all names end in. Default `mmsd.`. */
  readonly origin?: string | undefined;
  /** Of every record, in seconds. Default 5. */
  readonly ttlSeconds?: number | undefined;
  /** Add SRV records to answers of addresses. Default false. */
  readonly pushSrv?: boolean | undefined;
  /** Servers that are asked for names that are not ours, as IP literals; none refuses them, which is the default. */
  readonly forward?: readonly Address[] | undefined;
  /** How long one of them may take, in ms. Default 2000. */
  readonly forwardTimeoutMs?: number | undefined;
  /** A connection on which nothing moved for so long is closed, in ms. Default 10,000. */
  readonly idleMs?: number | undefined;
  readonly logger: Logger;
}

/** Numbers since the start. */
export interface DnsFigures {
  /** Answers by code, `0` for no error. */
  readonly answers: ReadonlyMap<number, number>;
  /** Messages that were not answered, being no questions. */
  readonly ignored: number;
  /** TCP connections open now. */
  readonly connections: number;
  readonly forwarded: ForwarderFigures;
}

const mostConnections = 64;
const mostPending = 256;
const mostTries = 10;

/** Answers the names of the newest table, by UDP and TCP. */
export class DnsServer implements AsyncDisposable {
  readonly #responder: Responder;
  readonly #forwarder: Forwarder;
  readonly #logger: Logger;
  readonly #answers = new Map<number, number>();
  #ports: { readonly udp: UdpPort; readonly tcp: TcpPort } | undefined;
  #ignored = 0;

  private constructor(options: DnsServerOptions, servers: readonly Address[]) {
    const { origin = "mmsd.", ttlSeconds: ttl = 5, pushSrv = false, logger } = options;
    const forwards = servers.length > 0;
    this.#responder = new Responder({ origin: plainOrigin(origin), ttl, pushSrv, forwards });
    const { forwardTimeoutMs: timeoutMs = 2000 } = options;
    this.#forwarder = new Forwarder({ servers, timeoutMs, mostPending, now: elapsed });
    this.#logger = logger;
  }

  /** Binds and answers; rejects when the address cannot be bound or the origin is no name. */
  static async open(options: DnsServerOptions): Promise<DnsServer> {
    const { address, forward = [] } = options;
    const server = new DnsServer(
      options,
      forward.filter((other) => !isSame(other, address)),
    );
    for (let tries = 1; server.#ports === undefined; tries += 1) {
      try {
        await server.#bind(options);
      } catch (error) {
        // A port that was free for TCP may be taken for UDP.
        if (address.port !== 0 || tries === mostTries) throw error;
      }
    }
    return server;
  }

  get port(): number {
    return this.#ports?.tcp.port ?? 0;
  }

  /** Takes the place of every table before it. */
  publish(table: Table): void {
    this.#responder.publish(table);
  }

  /** Apps whose ids cannot be names. */
  problems(): readonly Problem[] {
    return this.#responder.problems();
  }

  figures(): DnsFigures {
    const connections = this.#ports?.tcp.connections ?? 0;
    const forwarded = this.#forwarder.figures();
    return { answers: this.#answers, ignored: this.#ignored, connections, forwarded };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ports?.udp[Symbol.asyncDispose]();
    await this.#ports?.tcp[Symbol.asyncDispose]();
    await this.#forwarder[Symbol.asyncDispose]();
  }

  async #bind(options: DnsServerOptions): Promise<void> {
    const { address, reusePort = false, idleMs = 10_000 } = options;
    const tcp = await TcpPort.open({ address, reusePort, idleMs, mostConnections }, (message) =>
      this.#answer(message, "tcp"),
    );
    try {
      const udpAddress = { host: address.host, port: tcp.port };
      const udp = await UdpPort.open({ address: udpAddress, reusePort }, (message) =>
        this.#answer(message, "udp"),
      );
      this.#ports = { udp, tcp };
    } catch (error) {
      await tcp[Symbol.asyncDispose]();
      throw error;
    }
  }

  #answer(message: Buffer, transport: Transport): Buffer | undefined | Promise<Buffer | undefined> {
    try {
      const response = this.#responder.respond(message, transport);
      if (response.kind === "outside") return this.#forward(response.query, transport);
      if (response.kind === "reply") return this.#counted(response.bytes, response.code);
    } catch (error) {
      // Nothing a client sends may end the process; that it got here is a fault of ours.
      this.#logger.error("question could not be answered", { reason: String(error) });
    }
    this.#ignored += 1;
    return undefined;
  }

  async #forward(query: Query, transport: Transport): Promise<Buffer> {
    const answer = await this.#forwarder.ask(query, transport);
    if (answer !== undefined) return this.#counted(answer, (answer[3] ?? 0) & 0x0f);
    const code = responseCodes.serverFailure;
    return this.#counted(this.#responder.refusal(query, code), code);
  }

  #counted(reply: Buffer, code: number): Buffer {
    this.#answers.set(code, (this.#answers.get(code) ?? 0) + 1);
    return reply;
  }
}

function elapsed(): number {
  return performance.now();
}

function plainOrigin(origin: string): string {
  const plain = origin.replaceAll(/^\.|\.$/g, "").toLowerCase();
  if (!isName(plain)) throw new Error(`origin of DNS names: ${JSON.stringify(origin)} is no name`);
  return plain;
}

/** True when forwarding to `other` would ask ourselves, as on hosts whose resolver we are. */
function isSame(other: Address, bound: Address): boolean {
  if (other.port !== bound.port) return false;
  if (other.host === bound.host) return true;
  const isEverywhere = bound.host === "0.0.0.0" || bound.host === "::";
  return isEverywhere && ownHosts().has(other.host);
}

function ownHosts(): ReadonlySet<string> {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(interfaces.map(({ address }) => address));
}
