import { isIP } from "node:net";
import type { RoutedReplica, Table } from "../../routing/table.ts";
import { servingReplicas, type PlacedRoute } from "../../routing/app-ports.ts";
import { isName, nameApps, type NamedApps } from "./names.ts";
import {
  addressRecord,
  authorityRecord,
  serviceRecord,
  textRecord,
  type RecordBody,
} from "./record-body.ts";
import type { Extra } from "./reply.ts";

export interface ZoneOptions {
  /** What all names end in, without dots around it, in lower case: `mmsd`. */
  readonly origin: string;
  /** Of every record, in seconds. */
  readonly ttl: number;
  /** Add the SRV records to answers of addresses. */
  readonly pushSrv: boolean;
}

/** What is known of a name and a type. */
export type Found =
  | {
      readonly kind: "records";
      readonly records: readonly RecordBody[];
      readonly extras: readonly Extra[];
    }
  /** The name exists, and has nothing of this type. */
  | { readonly kind: "empty" }
  | { readonly kind: "absent" };

const nothing: Found = { kind: "empty" };

const recordTypes: ReadonlySet<string> = new Set(["A", "AAAA", "ANY", "SRV", "TXT"]);

/** Names that are given to addresses for which their source has none: `10-0-0-7.addr.mmsd`. */
const addressBranch = "addr";

/** The names of one table and the records behind them, which are made when they are first asked for. */
export class Zone {
  readonly authority: RecordBody;
  /** For the zone of the next table. */
  readonly named: NamedApps;
  readonly #options: ZoneOptions;
  readonly #found = new Map<string, Found>();
  #hosts: ReadonlyMap<string, string> | undefined;

  /** `before` is the zone of a former table, if there was one. */
  constructor(table: Table, options: ZoneOptions, before?: Zone) {
    const { origin, ttl } = options;
    this.#options = options;
    this.authority = authorityRecord({ origin, serial: table.version }, ttl);
    this.named = nameApps(table, origin, before?.named);
  }

  /** True for every name below the origin. Names are in lower case, without a dot at their end. */
  has(name: string): boolean {
    const { origin } = this.#options;
    return name === origin || name.endsWith(`.${origin}`);
  }

  /** Of a name below the origin. */
  find(name: string, type: string): Found {
    const { origin } = this.#options;
    if (name === origin) return this.#atOrigin(type);
    const path = name.slice(0, -origin.length - 1);
    const routes = this.named.apps.get(path) ?? this.#portRoutes(path);
    if (routes?.length === 0) return { kind: "absent" };
    if (routes !== undefined) return this.#remembered(path, type, routes);
    if (this.named.branches.has(path) || this.#isProtocol(path)) return nothing;
    return this.#hostRecords(path, type);
  }

  /** Only names and types that exist are remembered: clients can make up any number of others. */
  #remembered(path: string, type: string, routes: readonly PlacedRoute[]): Found {
    if (!recordTypes.has(type)) return nothing;
    const key = `${type} ${path}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#records(routes, type);
    this.#found.set(key, found);
    return found;
  }

  #atOrigin(type: string): Found {
    if (type !== "SOA") return nothing;
    return { kind: "records", records: [this.authority], extras: [] };
  }

  /** `_0._tcp.<app>`, `_web._tcp.<app>`, `_8080._tcp.<app>`; undefined for a name that is not of this form. */
  #portRoutes(path: string): readonly PlacedRoute[] | undefined {
    const [, wished = "", protocol = "", name = ""] =
      /^_([^.]+)\._(tcp|udp)\.(.+)$/.exec(path) ?? [];
    const siblings = this.named.apps.get(name)?.filter(({ route }) => route.protocol === protocol);
    if (siblings === undefined) return undefined;
    const ways: readonly ((placed: PlacedRoute) => boolean)[] = [
      ({ index }) => String(index) === wished,
      ({ route }) => route.portName?.toLowerCase() === wished,
      ({ route }) => String(route.port) === wished,
    ];
    for (const way of ways) {
      const matches = siblings.filter((placed) => way(placed));
      if (matches.length > 0) return matches;
    }
    return [];
  }

  /** `_tcp.<app>` has no records, and exists since names with records end in it. */
  #isProtocol(path: string): boolean {
    const [, protocol, name = ""] = /^_(tcp|udp)\.(.+)$/.exec(path) ?? [];
    return this.named.apps.get(name)?.some(({ route }) => route.protocol === protocol) ?? false;
  }

  #records(routes: readonly PlacedRoute[], type: string): Found {
    if (type === "SRV") return this.#services(routes);
    if (type === "TXT") return withRecords(routes.map((placed) => this.#text(placed)));
    return this.#addresses(routes, type);
  }

  /** To those who ask for anything, addresses are something. [rfc8482 §4.1] */
  #addresses(routes: readonly PlacedRoute[], type: string): Found {
    const hosts = new Set(replicasOf(routes).map(({ address }) => address.host));
    const wanted = [...hosts].filter((host) => type === "ANY" || type === addressType(host));
    const records = wanted.map((host) => addressRecord(host, this.#options.ttl));
    if (!this.#options.pushSrv) return withRecords(records);
    const extras = this.#serviceRecords(routes).map((body) => ({ body, of: undefined }));
    return withRecords(records, extras);
  }

  #services(routes: readonly PlacedRoute[]): Found {
    const glue = new Map<string, Extra>();
    for (const { address, dialName } of replicasOf(routes)) {
      const of = this.#target(dialName, address.host);
      glue.set(`${of} ${address.host}`, {
        body: addressRecord(address.host, this.#options.ttl),
        of,
      });
    }
    return withRecords(this.#serviceRecords(routes), [...glue.values()]);
  }

  /** One per machine and port, also when a port is served for both protocols. */
  #serviceRecords(routes: readonly PlacedRoute[]): readonly RecordBody[] {
    const records = new Map<string, RecordBody>();
    for (const { key, address, dialName, weight } of replicasOf(routes)) {
      const target = this.#target(dialName, address.host);
      const record = serviceRecord({ target, port: address.port, weight }, this.#options.ttl);
      records.set(`${target} ${key}`, record);
    }
    return [...records.values()];
  }

  #text({ route, index }: PlacedRoute): RecordBody {
    const { port, protocol, mode } = route;
    const said = [`index=${index}`, `port=${port}`, `protocol=${protocol}`, `mode=${mode}`];
    return textRecord(said, this.#options.ttl);
  }

  /** The name its source has for an address; one of ours when it has none, since an address is no name. [rfc2782] */
  #target(name: string | undefined, address: string): string {
    if (name !== undefined && isName(name)) return name;
    return `${labelOf(address)}.${addressBranch}.${this.#options.origin}`;
  }

  #hostRecords(path: string, type: string): Found {
    if (path === addressBranch) return nothing;
    if (!path.endsWith(`.${addressBranch}`)) return { kind: "absent" };
    this.#hosts ??= new Map(
      replicasOf([...this.named.apps.values()].flat()).map(({ address }) => [
        labelOf(address.host),
        address.host,
      ]),
    );
    const host = this.#hosts.get(path.slice(0, -addressBranch.length - 1));
    if (host === undefined) return { kind: "absent" };
    const isAsked = type === "ANY" || type === addressType(host);
    return isAsked ? withRecords([addressRecord(host, this.#options.ttl)]) : nothing;
  }
}

function addressType(host: string): "A" | "AAAA" {
  return isIP(host) === 6 ? "AAAA" : "A";
}

function withRecords(records: readonly RecordBody[], extras: readonly Extra[] = []): Found {
  return records.length === 0 ? nothing : { kind: "records", records, extras };
}

/** Those at an address that a record can hold. */
function replicasOf(routes: readonly PlacedRoute[]): readonly RoutedReplica[] {
  return routes
    .flatMap(({ route }) => servingReplicas(route))
    .filter(({ address: { host } }) => isIP(host) !== 0 && !host.includes("%"));
}

function labelOf(address: string): string {
  const label = address.replaceAll(/[.:]/g, "-");
  return label.startsWith("-") ? `0${label}` : label;
}
