import { gatewayColumn, gatewayRow, type GatewayEvent } from "../../model/gateway.ts";

/** Counts, for one port of the gateway, what no service can be counted for. */
export class GatewayTally {
  readonly #cells: Float64Array | undefined;
  readonly #at: number;

  /** `index` is the place of the port among those of the gateway. */
  constructor(cells: Float64Array | undefined, index: number) {
    this.#cells = cells;
    this.#at = index * gatewayRow;
  }

  note(event: GatewayEvent): void {
    const at = this.#at + gatewayColumn(event);
    if (this.#cells !== undefined) this.#cells[at] = (this.#cells[at] ?? 0) + 1;
  }
}
