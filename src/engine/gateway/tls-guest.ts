import type { Socket } from "node:net";
import { TLSSocket, type SecureContext } from "node:tls";
import type { HelloFlaw } from "../../model/gateway.ts";
import type { Outcome } from "../../model/outcome.ts";
import { arrive } from "../http/arrival.ts";
import { ownAnswerText } from "../http/own-answer.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineRoute } from "../route.ts";
import type { Served } from "../tcp/connection-host.ts";
import { ignore } from "../tcp/ignore.ts";
import { reset } from "../tcp/reset.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import type { HelloReading } from "../tls-hello/client-hello.ts";
import type { GatewayClients } from "./gateway-clients.ts";
import type { HelloRoom } from "./hello-room.ts";
import { readHello } from "./read-hello.ts";

/** Where a TLS connection goes. */
export type Destination =
  | { readonly kind: "service"; readonly service: TcpService }
  /** TLS ends here, with this certificate. */
  | { readonly kind: "here"; readonly context: SecureContext };

/** What a connection asks of the TLS port it came to. */
export interface TlsHost {
  readonly clients: GatewayClients;
  readonly route: EngineRoute;
  readonly room: HelloRoom;
  /** Time for the hello, and once more for a handshake that ends here, in ms. */
  readonly helloTimeoutMs: number;
  /** Undefined when nobody takes the name, or connections without one. */
  destinationOf(name: string | undefined): Destination | undefined;
  /** Counts a connection that goes nowhere. */
  refused(flaw: HelloFlaw | "unknown-host"): void;
  /** Hands over a client that is paused and unread, but for what stands before its hello. */
  passOn(client: Socket, service: TcpService, ends: Endpoints): void;
  /** Hands over a client whose TLS ends here, after its handshake. */
  serve(client: TLSSocket, ends: Endpoints): void;
}

/** A fatal alert, `unrecognized_name`, in the oldest version a client may read [rfc6066 §3, rfc8446 §5.1]. */
const unrecognizedName = Buffer.from([21, 3, 1, 0, 2, 2, 112]);

/** How long a client may take to close after our last word, in ms. */
const lingerMs = 1000;

/** One client of a TLS port until it is known where it goes. What it said so far is read, but not taken from it. */
export class TlsGuest implements Served {
  readonly replica: undefined;
  place: number = -1;
  readonly #client: Socket;
  readonly #host: TlsHost;
  readonly #startedAt = performance.now();
  #outcome: Outcome = "client-gone";
  #stopReading: (() => void) | undefined;
  #secured: TLSSocket | undefined;

  /** Takes over a paused client socket that has been counted as accepted. */
  constructor(client: Socket, host: TlsHost) {
    this.#client = client;
    this.#host = host;
    // What breaks here ends the connection; its `close` says so.
    client.on("error", ignore);
    client.once("close", this.#onClose);
    const { clients, route } = host;
    arrive(client, {
      host: clients,
      route,
      ends: undefined,
      arrived: (ends) => this.#readHello(ends),
      turnedAway: (outcome) => this.abort(outcome),
    });
  }

  drainBy(): void {
    // It is on no replica.
  }

  loseReplica(): void {
    // It is on no replica.
  }

  check(): void {
    // Its time is watched by timers: it is short, and a second would be a large part of it.
  }

  abort(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#stopReading?.();
    this.#secured?.destroy();
    reset(this.#client);
  }

  #readHello(ends: Endpoints): void {
    const { helloTimeoutMs: timeoutMs, room } = this.#host;
    this.#stopReading = readHello(this.#client, {
      timeoutMs,
      room,
      done: (reading) => {
        this.#stopReading = undefined;
        this.#greeted(reading, ends);
      },
    });
  }

  #greeted(reading: HelloReading, ends: Endpoints): void {
    if (reading.kind === "bad") {
      this.#refuse(reading.flaw);
      return;
    }
    const destination = this.#host.destinationOf(reading.name);
    switch (destination?.kind) {
      case undefined:
        this.#host.refused("unknown-host");
        this.#outcome = "no-replica";
        this.#say(unrecognizedName);
        break;
      case "service":
        this.#leave("completed");
        this.#host.passOn(this.#client, destination.service, ends);
        break;
      case "here":
        this.#shakeHands(destination.context, ends);
        break;
    }
  }

  /** What is no hello goes nowhere, least of all to the default; only who speaks HTTP by mistake is told so. */
  #refuse(flaw: HelloFlaw): void {
    this.#host.refused(flaw);
    this.#outcome = "bad-request";
    if (flaw === "plain-text") {
      this.#say(Buffer.from(ownAnswerText({ status: 400, reason: "bad-request" }), "latin1"));
    } else reset(this.#client);
  }

  #say(lastWord: Buffer): void {
    const client = this.#client;
    const leave = (): void => void client.destroy();
    const late = setTimeout(leave, lingerMs);
    client.once("close", () => clearTimeout(late));
    client.once("end", leave);
    client.end(lastWord);
    // Closing with something of the client unread would reset it, and could destroy the answer.
    client.resume();
  }

  #shakeHands(secureContext: SecureContext, ends: Endpoints): void {
    const secured = new TLSSocket(this.#client, {
      isServer: true,
      secureContext,
      ALPNProtocols: ["http/1.1"],
    });
    this.#secured = secured;
    const refuse = (): void => {
      clearTimeout(late);
      this.#host.refused("handshake");
      this.#outcome = "bad-request";
      secured.destroy();
      this.#client.destroy();
    };
    const late = setTimeout(refuse, this.#host.helloTimeoutMs);
    secured.once("error", refuse);
    // After the handshake a flaw in what is received makes no `error` unless a server owns the socket, and the connection
    // would stay [node: lib/internal/tls/wrap.js]; guarded by gateway-termination.test.ts.
    secured.on("_tlsError", () => void secured.destroy());
    this.#client.once("close", () => clearTimeout(late));
    secured.once("secure", () => {
      clearTimeout(late);
      secured.removeListener("error", refuse);
      this.#client.removeListener("close", this.#onClose);
      this.#host.clients.ended(this);
      secured.pause();
      this.#host.serve(secured, ends);
    });
  }

  readonly #onClose = (): void => this.#leave(this.#outcome);

  /** It is this port's no longer. */
  #leave(outcome: Outcome): void {
    const { clients, route } = this.#host;
    this.#client.removeListener("close", this.#onClose);
    clients.tally.closed(route.row, outcome, (performance.now() - this.#startedAt) / 1000);
    clients.ended(this);
  }
}
