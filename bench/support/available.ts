import type { Contender } from "../contenders/contender.ts";
import type { Bench } from "../scenarios/scenario.ts";

/** A contender that is installed. */
export interface Present {
  readonly contender: Contender;
  readonly version: string;
}

/** The contenders that are there, and a line for each that is not. */
export function available({ contenders, program }: Pick<Bench, "contenders" | "program">): {
  present: Present[];
  notes: string[];
} {
  const present: Present[] = [];
  const notes: string[] = [];
  for (const contender of contenders) {
    const found = contender.find(program);
    if (found.kind === "found") present.push({ contender, version: found.version });
    else notes.push(`${contender.name} is left out: ${found.reason}`);
  }
  return { present, notes };
}
