import type { CheckPolicy } from "../../model/check.ts";
import type { ServicePolicy } from "../../model/policy.ts";

/** What labels can say of one service port. */
export interface PortSettings extends ServicePolicy, CheckPolicy {
  /** Of each of the app's replicas, 0–1000; 0 takes no new connections. */
  readonly weight: number;
  /** Bytes as they are, or request by request. */
  readonly mode: "tcp" | "http";
  /** The service port in place of the declared one; several apps may share it. */
  readonly servicePort: number;
  /** False leaves the port out. */
  readonly enabled: boolean;
  /** Only hosts that serve one of these groups forward the port. */
  readonly groups: readonly string[];
  /** Which of the app's ports is checked, counted from 0. */
  readonly checkPortIndex: number;
  /** Host names on the gateway's HTTP port, and whether it takes those that nobody claims. */
  readonly httpHosts: readonly string[];
  readonly httpDefault: boolean;
  /** The same for its TLS port. */
  readonly tlsHosts: readonly string[];
  readonly tlsDefault: boolean;
}

export type SettingName = keyof PortSettings;

/** The labels of an app and of its ports, in the order in which labels count them. */
export interface LabelledApp {
  readonly labels: ReadonlyMap<string, string>;
  readonly ports: readonly { readonly labels: ReadonlyMap<string, string> }[];
}

/** What one label says of one port. */
export interface Statement {
  /** The label's name, and its port where the name does not tell; printable and bounded. */
  readonly label: string;
  readonly text: string;
  readonly settings: Partial<PortSettings>;
  /** What follows from it as long as no label says otherwise. */
  readonly implied?: Partial<PortSettings>;
}

/** What the labels of one dialect say. */
export interface DialectReading {
  /** Port by port, the strongest statement first. */
  readonly ports: readonly (readonly Statement[])[];
  /** Each names a label, its value and what was done, printable and bounded. */
  readonly faults: readonly string[];
}

/** What the labels of all dialects say of one port; a setting that no label names is absent. */
export interface PortReading {
  readonly settings: Partial<PortSettings>;
  /** The label each setting was taken from, printable and bounded. */
  readonly labels: Partial<Record<SettingName, string>>;
}

/** What labels say, port by port. */
export interface LabelReading {
  readonly ports: readonly PortReading[];
  /** Each names a label, its value and what was done, printable and bounded. */
  readonly faults: readonly string[];
}

/** Reads one dialect: total, pure, blind to labels that are not of its dialect. */
export type LabelReader = (app: LabelledApp) => DialectReading;
