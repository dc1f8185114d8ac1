import type { GatewayKind } from "../../model/gateway.ts";

/** One port that many services share. */
export interface GatewayPortSettings {
  /** `gateway/http/80`. */
  readonly key: string;
  readonly kind: GatewayKind;
  readonly port: number;
  /** Its row in the shared counters. */
  readonly row: number;
}

/** The ports that are shared by host name, as one engine serves them. */
export interface GatewaySettings {
  /** IP literals to listen on. */
  readonly bindHosts: readonly string[];
  readonly ports: readonly GatewayPortSettings[];
  /** Connections on one port at the same time, over all engines. */
  readonly maxConnections: number;
  /** Clients begin with a PROXY header. */
  readonly acceptProxy: boolean;
  /** Networks whose PROXY headers are believed here. */
  readonly headerSources: readonly string[];
  /** What is refused here is in the access log. */
  readonly accessLog: boolean;
  /** Time for a ClientHello, and for a handshake that ends here, in ms. Default 5000. */
  readonly helloTimeoutMs?: number;
}
