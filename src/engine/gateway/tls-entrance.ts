import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { HelloFlaw } from "../../model/gateway.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { HttpFront } from "../http/http-front.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineRoute } from "../route.ts";
import type { Served } from "../tcp/connection-host.ts";
import type { TcpService } from "../tcp/tcp-service.ts";
import { HelloRoom } from "./hello-room.ts";
import type { Entrance, EntranceOptions } from "./entrance.ts";
import { GatewayClients } from "./gateway-clients.ts";
import { makeFront } from "./gateway-front.ts";
import { toGatewayRoute } from "./gateway-route.ts";
import { TlsGuest, type Destination, type TlsHost } from "./tls-guest.ts";

const defaultHelloMs = 5000;

/**
 * A gateway port for TLS: each connection goes, byte for byte, to the service of the name in its hello; where there is a
 * certificate for a host whose requests are claimed, TLS ends here and they are forwarded.
 */
export class TlsEntrance implements Entrance, TlsHost {
  readonly clients: GatewayClients;
  readonly route: EngineRoute;
  readonly room: HelloRoom = new HelloRoom();
  readonly helloTimeoutMs: number;
  readonly #options: EntranceOptions;
  readonly #front: HttpFront;

  constructor(options: EntranceOptions) {
    const { port, gateway, engine } = options;
    this.clients = new GatewayClients(port.row, engine, gateway);
    this.route = toGatewayRoute(port, gateway);
    this.helloTimeoutMs = gateway.helloTimeoutMs ?? defaultHelloMs;
    this.#options = options;
    this.#front = makeFront(this.clients, options, { isSecure: true });
  }

  get running(): Iterable<Served> {
    return this.clients.running;
  }

  get count(): number {
    return this.clients.count;
  }

  accept(client: Socket): void {
    this.clients.accept(client, () => {
      this.clients.begun(new TlsGuest(client, this));
    });
  }

  check(now: number): void {
    this.clients.check(now);
  }

  abort(outcome: Outcome): void {
    this.clients.abort(outcome);
  }

  retire(): void {
    this.#front.isServing = false;
    this.clients.retire();
  }

  destinationOf(name: string | undefined): Destination | undefined {
    const { hosts } = this.#options;
    const named = name === undefined ? undefined : this.#claimed(name);
    if (named !== undefined) return named;
    return passThrough(hosts.tlsDefault);
  }

  refused(flaw: HelloFlaw | "unknown-host"): void {
    this.#options.tally.note(flaw);
  }

  passOn(client: Socket, service: TcpService, ends: Endpoints): void {
    this.#options.tally.note("passed-through");
    service.adopt({ client, ends, frontend: this.route.key });
  }

  serve(client: TLSSocket, ends: Endpoints): void {
    this.#options.tally.note("terminated");
    this.clients.begun(this.#front.accept({ client, ends }, this.route));
  }

  /** The closer claim has the name; of two as close, passing through: who claims TLS has certificates of its own. */
  #claimed(name: string): Destination | undefined {
    const { hosts } = this.#options;
    const passed = passThrough(hosts.tls(name));
    return passed === undefined || hosts.isCloserForHttp(name)
      ? (this.#endedHere(name) ?? passed)
      : passed;
  }

  #endedHere(name: string): Destination | undefined {
    const { hosts, certificates } = this.#options;
    const context = hosts.http(name) === undefined ? undefined : certificates.find(name);
    return context === undefined ? undefined : { kind: "here", context };
  }
}

function passThrough(service: TcpService | undefined): Destination | undefined {
  return service === undefined ? undefined : { kind: "service", service };
}
