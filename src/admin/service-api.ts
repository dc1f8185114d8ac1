import { formatAddress } from "../model/address.ts";
import { offersOf, placeRoutes, type PlacedRoute } from "../routing/app-ports.ts";
import type { RoutedReplica, Table } from "../routing/table.ts";
import { text, type Page, type Question, type Reply } from "./status-server.ts";

/** What the service API answers from. */
export interface ServiceApi {
  readonly table: () => Table;
}

/** mmsd's text API: the apps, their replicas and their service ports, one per line. [mmsd: api.go] */
export function serviceApiPages(api: ServiceApi): [path: string, page: Page][] {
  const known =
    (page: Page): Page =>
    (asked) =>
      api.table().version > 0 ? page(asked) : notYet();
  return [
    ["/v1/apps", known(() => appsPage(api))],
    ["/v1/instances/", known((asked) => instancesPage(api, asked))],
    ["/v1/service_ports/", known((asked) => servicePortsPage(api, asked))],
  ];
}

/** The pages of a port that serves nothing but this API. */
export function apiPortPages(api: ServiceApi & { readonly version: string }): Map<string, Page> {
  return new Map<string, Page>([
    ["/ping", () => text(200, "pong\n")],
    ["/version", () => text(200, `portolan ${api.version}\n`)],
    ...serviceApiPages(api),
  ]);
}

function appsPage({ table }: ServiceApi): Reply {
  const apps = new Set(offersOf(table()).map(({ app }) => app));
  return text(200, `${[...apps].toSorted().join("\n")}\n`);
}

function servicePortsPage(api: ServiceApi, { rest }: Question): Reply {
  const ports = portsOf(api, rest);
  if (ports.length === 0) return unknownApp();
  return lines(new Set(ports.map(({ route }) => String(route.port))));
}

function instancesPage(api: ServiceApi, { rest, query }: Question): Reply {
  const wished = query.getAll("portIndex");
  const range = wished.length > 1 ? undefined : parseRange(wished[0] ?? "");
  if (range === undefined) return text(400, "portIndex is N, A:B, A: or :B\n");
  const ports = portsOf(api, rest);
  if (ports.length === 0) return unknownApp();
  const most = Math.max(...ports.map(({ index }) => index));
  const { first, last = most } = range;
  if (first > last || last > most) return text(400, `the ports of this app are 0 to ${most}\n`);
  const wanted = ports.filter(({ index }) => index >= first && index <= last);
  const instances = instancesOf(wanted, query.get("healthy") === "1");
  if (instances.length === 0) return text(204, "");
  return lines(instances.map((instance) => lineOf(instance, query)).toSorted());
}

/** The place of the first and the last port that are asked for; without a last one up to the end. */
interface PortRange {
  readonly first: number;
  readonly last: number | undefined;
}

function parseRange(wished: string): PortRange | undefined {
  if (wished === "") return { first: 0, last: 0 };
  const [, one, from, to] = /^(?:(\d{1,5})|(\d{1,5})?:(\d{1,5})?)$/.exec(wished) ?? [];
  if (one !== undefined) return { first: Number(one), last: Number(one) };
  if (from === undefined && to === undefined) return undefined;
  return { first: Number(from ?? 0), last: to === undefined ? undefined : Number(to) };
}

/** In the order of its ports; a port that is served for both protocols counts once. Empty for an unknown app. */
function portsOf({ table }: ServiceApi, rest: string): readonly PlacedRoute[] {
  // Marathon's ids begin with a slash, which mmsd's callers leave out; those of other sources do not.
  const ids = rest.startsWith("/") ? [rest] : [`/${rest}`, rest];
  const offers = offersOf(table());
  const [routes = []] = ids
    .map((app) => offers.filter((route) => route.app === app))
    .filter(({ length }) => length > 0);
  const ports = placeRoutes(routes);
  return ports.filter(({ index }, at) => ports[at - 1]?.index !== index);
}

/** The replicas of one task, one for each port that was asked for. */
type Instance = [first: RoutedReplica, ...others: RoutedReplica[]];

/** Every task, whatever its health, unless only healthy ones are asked for; one that lacks a port is left out. */
function instancesOf(ports: readonly PlacedRoute[], isHealthy: boolean): readonly Instance[] {
  const tasks = new Map<string, RoutedReplica[]>();
  for (const replica of ports.flatMap(({ route }) => route.replicas)) {
    if (isHealthy && replica.state !== "up") continue;
    const known = tasks.get(replica.task);
    if (known === undefined) tasks.set(replica.task, [replica]);
    else known.push(replica);
  }
  return [...tasks.values()].filter(isSome).filter(({ length }) => length === ports.length);
}

function isSome(replicas: RoutedReplica[]): replicas is Instance {
  return replicas.length > 0;
}

/** `[<id>:]host:port[:port…]`. The agent's id is not known here: its name takes its place. */
function lineOf([first, ...others]: Instance, query: URLSearchParams): string {
  const id = query.get("withid") === "1" ? `${fnv32a(first.host)}:` : "";
  const dialled = first.address.host;
  const host = query.get("noresolve") === "1" ? (first.dialName ?? dialled) : dialled;
  const place = formatAddress({ host, port: first.address.port });
  return [`${id}${place}`, ...others.map(({ address }) => address.port)].join(":");
}

/** The hash that mmsd makes of an agent's id: FNV-1a with 32 bits. */
function fnv32a(told: string): number {
  let hash = 0x81_1c_9d_c5;
  for (const byte of new TextEncoder().encode(told)) hash = Math.imul(hash ^ byte, 0x01_00_01_93);
  return hash >>> 0;
}

function lines(all: Iterable<string>): Reply {
  return text(200, [...all].map((line) => `${line}\n`).join(""));
}

function unknownApp(): Reply {
  return text(404, "no such app\n");
}

function notYet(): Reply {
  return text(503, "no source has answered yet\n");
}
