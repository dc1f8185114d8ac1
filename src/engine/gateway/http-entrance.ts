import type { Socket } from "node:net";
import type { Outcome } from "../../model/outcome.ts";
import type { HttpFront } from "../http/http-front.ts";
import type { EngineRoute } from "../route.ts";
import type { Arrival, Served } from "../tcp/connection-host.ts";
import type { Entrance, EntranceOptions } from "./entrance.ts";
import { GatewayClients } from "./gateway-clients.ts";
import { makeFront } from "./gateway-front.ts";
import { toGatewayRoute } from "./gateway-route.ts";

/** A gateway port for requests: each goes to the service of its host. */
export class HttpEntrance implements Entrance {
  readonly #clients: GatewayClients;
  readonly #route: EngineRoute;
  readonly #front: HttpFront;

  constructor(options: EntranceOptions) {
    const { port, gateway, engine } = options;
    this.#clients = new GatewayClients(port.row, engine, gateway);
    this.#route = toGatewayRoute(port, gateway);
    this.#front = makeFront(this.#clients, options, { isSecure: false });
  }

  get running(): Iterable<Served> {
    return this.#clients.running;
  }

  get count(): number {
    return this.#clients.count;
  }

  accept(client: Socket): void {
    this.#clients.accept(client, () => this.#serve({ client }));
  }

  check(now: number): void {
    this.#clients.check(now);
  }

  abort(outcome: Outcome): void {
    this.#clients.abort(outcome);
  }

  retire(): void {
    this.#front.isServing = false;
    this.#clients.retire();
  }

  #serve(arrival: Arrival): void {
    this.#clients.begun(this.#front.accept(arrival, this.#route));
  }
}
