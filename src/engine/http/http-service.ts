import type { Socket } from "node:net";
import type { EngineRoute } from "../route.ts";
import type { ConnectionHost } from "../tcp/connection-host.ts";
import type { HttpConnection } from "./http-connection.ts";
import { HttpFront } from "./http-front.ts";
import { HttpRoute, type RequestHost } from "./http-route.ts";

/** One service port in HTTP mode: whatever host a request names, it is for the port's own service. */
export class HttpService {
  readonly #front: HttpFront;
  readonly #route: HttpRoute;

  constructor(route: EngineRoute, host: ConnectionHost & RequestHost) {
    const own = new HttpRoute(route, host);
    this.#route = own;
    this.#front = new HttpFront({
      service: host,
      requests: host.requests,
      routeFor: () => own,
    });
  }

  /** Takes over a paused client socket that has been counted as accepted. */
  accept(client: Socket): HttpConnection {
    return this.#front.accept(client, this.#route.route);
  }

  /** From now on requests follow this route; in another mode, connections end with their running requests. */
  retarget(route: EngineRoute): void {
    this.#front.isServing = route.mode === "http";
    this.#route.retarget(route);
  }

  /** Ends idle connections to replicas that have idled long enough. */
  check(now: number): void {
    this.#route.pool.check(now);
  }

  /** Connections end with their running requests, and so do those to replicas. */
  retire(): void {
    this.#front.isServing = false;
    this.#route.retire();
  }
}
