import type { GatewaySettings } from "../../src/engine/gateway/gateway-settings.ts";
import type { EngineRoute } from "../../src/engine/route.ts";
import type { HostClaims } from "../../src/model/host-claims.ts";
import {
  gatewayColumn,
  gatewayRow,
  mostGatewayPorts,
  type GatewayEvent,
} from "../../src/model/gateway.ts";
import type { ServicePolicy } from "../../src/model/policy.ts";
import { EngineFixture, toRoute, type FixtureOptions } from "./engine-fixture.ts";
import { freePort } from "./free-port.ts";

/** What a gateway serves under which names; the service's own port is any free one. */
export interface GuestService {
  readonly replicas: readonly number[];
  readonly hosts: Partial<HostClaims>;
  readonly policy?: Partial<ServicePolicy>;
  readonly mode?: "tcp" | "http";
}

/** An engine with a gateway port for HTTP and one for TLS. */
export class GatewayFixture extends EngineFixture {
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly #cells: Float64Array;

  private constructor(
    ports: { readonly http: number; readonly tls: number },
    cells: Float64Array,
    options: FixtureOptions,
  ) {
    super(options);
    this.httpPort = ports.http;
    this.tlsPort = ports.tls;
    this.#cells = cells;
  }

  static async start(
    services: readonly GuestService[],
    settings: Partial<GatewaySettings> = {},
    options: FixtureOptions = {},
  ): Promise<GatewayFixture> {
    const ports = { http: await freePort(), tls: await freePort() };
    const gatewayCells = new Float64Array(gatewayRow * mostGatewayPorts);
    const gateway: GatewaySettings = {
      bindHosts: ["127.0.0.1"],
      ports: [
        { key: "gateway/http", kind: "http", port: ports.http, row: 10 },
        { key: "gateway/tls", kind: "tls", port: ports.tls, row: 11 },
      ],
      maxConnections: 1000,
      acceptProxy: false,
      headerSources: [],
      accessLog: false,
      ...settings,
    };
    const fixture = new GatewayFixture(ports, gatewayCells, { gateway, gatewayCells, ...options });
    for (const service of services) await fixture.serveGuest(service);
    if (services.length === 0) await fixture.engine.apply([]);
    return fixture;
  }

  /** Serves it under its names, on a port of its own too, which is returned. */
  async serveGuest(service: GuestService, port?: number): Promise<number> {
    const route = this.routeOf(port ?? (await freePort()), service);
    await this.engine.apply([{ kind: "set", route }]);
    return route.port;
  }

  routeOf(port: number, service: GuestService): EngineRoute {
    return toGuestRoute(port, service);
  }

  /** Counted so far on the HTTP port (0) or the TLS port (1). */
  noted(port: 0 | 1, event: GatewayEvent): number {
    return this.#cells[port * gatewayRow + gatewayColumn(event)] ?? 0;
  }
}

function toGuestRoute(port: number, service: GuestService): EngineRoute {
  const { replicas, hosts, policy = {}, mode = "tcp" } = service;
  const claims = { http: [], httpDefault: false, tls: [], tlsDefault: false, ...hosts };
  return { ...toRoute(port, replicas, policy), mode, hosts: claims };
}
