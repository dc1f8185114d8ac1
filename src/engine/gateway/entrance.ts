import type { Socket } from "node:net";
import type { Outcome } from "../../model/outcome.ts";
import type { ServiceOptions } from "../service.ts";
import type { Served } from "../tcp/connection-host.ts";
import type { CertificateStore } from "./certificate-store.ts";
import type { GatewayPortSettings, GatewaySettings } from "./gateway-settings.ts";
import type { GatewayTally } from "./gateway-tally.ts";
import type { HostLookup } from "./host-lookup.ts";

/** What is spoken on one gateway port: clients come in here and go on to the service of the host they name. */
export interface Entrance {
  /** Takes over a paused client socket. */
  accept(client: Socket): void;
  /** Counts what moved and ends what stands still; `now` in ms of a clock that never goes back. */
  check(now: number): void;
  abort(outcome: Outcome): void;
  /** Connections end with their running requests. */
  retire(): void;
  readonly count: number;
  readonly running: Iterable<Served>;
}

export interface EntranceOptions {
  readonly port: GatewayPortSettings;
  readonly gateway: GatewaySettings;
  readonly hosts: HostLookup;
  readonly certificates: CertificateStore;
  readonly tally: GatewayTally;
  readonly engine: ServiceOptions;
}
