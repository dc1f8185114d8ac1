import { serviceColumns } from "../model/counters.ts";
import type { ServiceFigures } from "../model/figures.ts";
import { labelText } from "./label-text.ts";

/** One service's figures with what many families of a page need of them, made once. */
export interface ServiceRow extends ServiceFigures {
  /** `service="web:80"`. */
  readonly nameLabel: string;
  /** `service="web:80",protocol="tcp"`. */
  readonly labels: string;
  /** True once anybody has come to it. */
  readonly isUsed: boolean;
}

const { accepted, sessions, datagramsIn, connectSum, requestDurationSum } = serviceColumns;

/** Requests come through the gateway, too, where the service's own port accepts nothing. */
const signsOfUse = [accepted, sessions, datagramsIn, connectSum, requestDurationSum];

export function toRow(figures: ServiceFigures): ServiceRow {
  const { service, protocol, cells } = figures;
  const nameLabel = labelText({ service });
  const labels = `${nameLabel},${labelText({ protocol })}`;
  return { ...figures, nameLabel, labels, isUsed: signsOfUse.some((at) => cells[at] !== 0) };
}
