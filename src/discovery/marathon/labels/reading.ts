import type { ServicePolicy } from "../../../model/policy.ts";

/** What labels can say of one service port. */
export interface PortSettings extends ServicePolicy {
  /** Of each of the app's replicas, 0–1000; 0 takes no new connections. */
  readonly weight: number;
}

/** The labels of an app and of its ports, in the order in which labels count them. */
export interface LabelledApp {
  readonly labels: ReadonlyMap<string, string>;
  readonly ports: readonly { readonly labels: ReadonlyMap<string, string> }[];
}

/** What labels say, port by port; a setting that no label names is absent. */
export interface LabelReading {
  readonly ports: readonly Partial<PortSettings>[];
  /** Each names a label, its value and what was done, printable and bounded. */
  readonly faults: readonly string[];
}

/** Reads one dialect: total, pure, blind to labels that are not of its dialect. */
export type LabelReader = (app: LabelledApp) => LabelReading;
