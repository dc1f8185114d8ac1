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
}

/** What a scenario found out. */
export interface Report {
  readonly tables: readonly Table[];
  readonly figures: Figures;
  readonly goals: readonly Goal[];
  /** Sentences a reader of the tables must know. */
  readonly notes: readonly string[];
}

export function isMet({ limit, measured }: Goal): boolean {
  return measured <= limit;
}
