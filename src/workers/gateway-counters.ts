import {
  gatewayColumn,
  gatewayRow,
  helloFlaws,
  mostGatewayPorts,
  type GatewayEvent,
} from "../model/gateway.ts";
import { serviceRow } from "../model/counters.ts";
import type { GatewayFigures } from "../model/figures.ts";
import type { GatewayPortSettings, GatewaySettings } from "../engine/gateway/gateway-settings.ts";
import type { Bindings } from "./bindings.ts";
import type { CounterMemory } from "./counter-memory.ts";

/** The gateway before its ports have rows in the shared counters. */
export interface GatewayPlan extends Omit<GatewaySettings, "ports"> {
  readonly ports: readonly Omit<GatewayPortSettings, "row">[];
}

/** The shared memory that engines count in for the gateway, and the rows of its ports. */
export class GatewayCounters {
  readonly buffers: readonly SharedArrayBuffer[];
  readonly #cells: readonly Float64Array[];
  readonly #ports: GatewayPlan["ports"];

  constructor(workers: number, plan: GatewayPlan | undefined) {
    this.#ports = plan?.ports ?? [];
    if (this.#ports.length > mostGatewayPorts) throw new Error("too many gateway ports");
    this.buffers = Array.from({ length: workers }, () => {
      return new SharedArrayBuffer(mostGatewayPorts * gatewayRow * 8);
    });
    this.#cells = this.buffers.map((buffer) => new Float64Array(buffer));
  }

  /** Names of the ports, as they stand in reports. */
  get keys(): readonly string[] {
    return this.#ports.map(({ key }) => key);
  }

  figures(memory: CounterMemory, bindings: Bindings): GatewayFigures[] {
    return this.#ports.map(({ key, kind, port }, index) => {
      const of = (event: GatewayEvent): number => this.#sum(index, event);
      return {
        kind,
        port,
        cells: memory.service(key) ?? new Float64Array(serviceRow),
        listeners: bindings.listeners(key),
        unknownHosts: of("unknown-host"),
        passedThrough: of("passed-through"),
        terminated: of("terminated"),
        refusedHellos: new Map(helloFlaws.map((flaw) => [flaw, of(flaw)])),
      };
    });
  }

  #sum(port: number, event: GatewayEvent): number {
    const at = port * gatewayRow + gatewayColumn(event);
    return this.#cells.reduce((total, cells) => total + (cells[at] ?? 0), 0);
  }
}

/** The gateway as engines are told of it. */
export function withRows(plan: GatewayPlan, memory: CounterMemory): GatewaySettings {
  const ports = plan.ports.map((port) => ({ ...port, row: memory.serviceRow(port.key) }));
  return { ...plan, ports };
}
