import { serviceColumns } from "../model/counters.ts";
import type { GatewayFigures } from "../model/figures.ts";
import type { gatewayMetrics, Readers } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";
import { labelText } from "./label-text.ts";

/** How the families that describe ports of host names are read. */
export function gatewayFamilies(
  gateway: () => readonly GatewayFigures[],
): Readers<typeof gatewayMetrics, Read> {
  const per = (value: (port: GatewayFigures) => number) => (): Iterable<Sample> =>
    gateway().map((port) => ({ labels: labelText(labelsOf(port)), value: value(port) }));
  return {
    portolan_gateway_connections_total: per(({ cells }) => cells[serviceColumns.accepted] ?? 0),
    portolan_gateway_connections_active: per(({ cells }) => cells[serviceColumns.active] ?? 0),
    portolan_gateway_unknown_hosts_total: per(({ unknownHosts }) => unknownHosts),
    portolan_gateway_tls_connections_total: () => gateway().flatMap(tlsConnections),
    portolan_gateway_refused_hellos_total: () => gateway().flatMap(refusedHellos),
    portolan_gateway_listener_up: () => gateway().flatMap(listeners),
  };
}

function labelsOf({ kind, port }: GatewayFigures): Readonly<Record<string, string>> {
  return { kind, port: String(port) };
}

function tlsConnections(port: GatewayFigures): Sample[] {
  if (port.kind !== "tls") return [];
  return [
    { labels: labelText({ ...labelsOf(port), to: "service" }), value: port.passedThrough },
    { labels: labelText({ ...labelsOf(port), to: "here" }), value: port.terminated },
  ];
}

function refusedHellos(port: GatewayFigures): Sample[] {
  if (port.kind !== "tls") return [];
  return [...port.refusedHellos].map(([reason, value]) => {
    return { labels: labelText({ ...labelsOf(port), reason }), value };
  });
}

function listeners(port: GatewayFigures): Sample[] {
  return port.listeners.map(({ address, bound }) => {
    return { labels: labelText({ ...labelsOf(port), address }), value: bound ? 1 : 0 };
  });
}
