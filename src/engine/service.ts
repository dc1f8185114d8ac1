import type { AccessSink } from "../model/access.ts";
import type { Outcome } from "../model/outcome.ts";
import type { GatewaySettings } from "./gateway/gateway-settings.ts";
import type { RequestTally } from "./http/request-tally.ts";
import type { HeldFor } from "./tcp/flow.ts";
import type { ReadBuffers } from "./tcp/read-buffers.ts";
import type { ReadMeter } from "./tcp/read-meter.ts";
import type { ConnectionLimits, Served } from "./tcp/connection-host.ts";
import type { EngineReport, EngineRoute } from "./route.ts";
import type { Tally } from "./tally.ts";

/** What every service port of an engine is served with. */
export interface ServiceOptions {
  /** IP literals to listen on. */
  readonly bindHosts: readonly string[];
  readonly reusePort: boolean;
  /** True for an IP literal that service ports are bound to, wildcards resolved. */
  readonly isOwnHost: (host: string) => boolean;
  readonly limits: ConnectionLimits;
  /** Networks whose PROXY headers are believed. */
  readonly proxyTrusted: readonly string[];
  readonly tally: Tally;
  /** Counts requests; none for no count. */
  readonly requests?: RequestTally;
  /** Ports that are shared by host name; none for no such ports. */
  readonly gateway?: GatewaySettings | undefined;
  /** What the gateway counts beside connections; none for no count. */
  readonly gatewayCells?: Float64Array;
  /** Takes the access log; none for no log. */
  readonly access?: AccessSink;
  readonly random: () => number;
  readonly report: (report: EngineReport) => void;
  /** Counts what is read, over all services. */
  readonly meter: ReadMeter;
  /** What streams may have of their own to be read into, in bytes. Default: no limit. */
  readonly streamBytes?: number;
  /** What replicas are read into, over all services. */
  readonly buffers: ReadBuffers;
  readonly heldFor: HeldFor;
}

/** One service port in one engine, whatever is spoken on it; disposing it ends its listening. */
export interface EngineService extends AsyncDisposable {
  /** Settles when every address has been tried once. */
  tried(): Promise<void>;
  /** From now on what arrives follows this route. */
  retarget(route: EngineRoute): void;
  /** The probes of a replica find it well: it may be tried before its ejection is over. */
  forgive(replica: string): void;
  /** Listens anew on those of these addresses that are its own; datagrams need nobody to accept them. */
  renew?(addresses: ReadonlySet<string>): void;
  /** The service is gone, or we are about to be: what runs gets the time that draining gets. */
  retire(why: "removed" | "stopping"): void;
  /** It listens no more, but its service is there again: what runs on replicas that are has no time limit any more. */
  resume?(route: EngineRoute): void;
  /** Counts what moved and ends what stands still; `now` in ms of a clock that never goes back. */
  check(now: number): void;
  /** Ends everything that runs. */
  abort(outcome: Outcome): void;
  /** What may be ended for want of memory; sessions have next to none. */
  readonly running?: Iterable<Served>;
  /** True once it listens nowhere any more. */
  readonly closed: boolean;
  readonly connectionCount: number;
}
