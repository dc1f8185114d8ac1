import type { Table } from "./table.ts";

/** Plain values for a results file; records rather than lists, so that every formatter leaves them as they are. */
export interface Figures {
  readonly [name: string]: string | number | boolean | Figures;
}

/** A limit that was set beforehand and what was measured. */
export interface Goal {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: string;
  /** Why the figure tells nothing of the goal. Default: it does. */
  readonly doubt?: string;
}

/** What is to be said of a goal; a figure that tells nothing of it has not reached it. */
export type Verdict = "met" | "missed" | "not measured";

/** What a scenario found out. */
export interface Report {
  readonly tables: readonly Table[];
  readonly figures: Figures;
  readonly goals: readonly Goal[];
  /** Sentences a reader of the tables must know. */
  readonly notes: readonly string[];
}

export function verdictOf({ limit, measured, doubt }: Goal): Verdict {
  if (doubt !== undefined || !Number.isFinite(measured)) return "not measured";
  return measured <= limit ? "met" : "missed";
}
