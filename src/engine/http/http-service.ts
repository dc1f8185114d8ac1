import type { Socket } from "node:net";
import type { EngineRoute } from "../route.ts";
import type { ConnectionHost } from "../tcp/connection-host.ts";
import type { HttpConnection } from "./http-connection.ts";
import { HttpFront } from "./http-front.ts";
import { HttpRoute, type RequestHost } from "./http-route.ts";

/** One service as requests see it, and its port in HTTP mode: whatever host a request there names, it is for this service. */
export class HttpService {
  readonly route: HttpRoute;
  readonly #host: ConnectionHost & RequestHost;
  /** Made when the first connection needs it: requests may all come by the gateway. */
  #front: HttpFront | undefined;

  constructor(route: EngineRoute, host: ConnectionHost & RequestHost) {
    this.route = new HttpRoute(route, host);
    this.#host = host;
  }

  /** Takes over a paused client socket that has been counted as accepted. */
  accept(client: Socket): HttpConnection {
    this.#front ??= new HttpFront({
      service: this.#host,
      requests: this.#host.requests,
      routeFor: () => this.route,
    });
    return this.#front.accept({ client }, this.route.route);
  }

  /** From now on requests follow this route; in another mode, connections end with their running requests. */
  retarget(route: EngineRoute): void {
    if (this.#front !== undefined) this.#front.isServing = route.mode === "http";
    this.route.retarget(route);
  }

  /** Ends idle connections to replicas that have idled long enough. */
  check(now: number): void {
    this.route.pool.check(now);
  }

  /** Connections end with their running requests, and so do those to replicas. */
  retire(): void {
    if (this.#front !== undefined) this.#front.isServing = false;
    this.route.retire();
  }
}
