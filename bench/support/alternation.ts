import type { Contender } from "../contenders/contender.ts";

/** Of what a process said before it ended; the begin tells why. */
const longestReason = 300;

interface Turns {
  /** Of the scenario, for what is said. */
  readonly name: string;
  readonly runs: number;
  readonly say: (line: string) => void;
}

/** What came of all turns. */
export interface Alternated<T> {
  readonly samples: readonly T[];
  /** Contenders that failed, and how; what they had shown before stays. */
  readonly dropped: ReadonlyMap<string, string>;
  /** A line for each of them. */
  readonly notes: readonly string[];
}

/**
 * Measures each contender alone, in turns whose order is reversed from round to round, so that a machine that slows down
 * harms all alike. Who fails takes no further turn, and the others go on.
 */
export async function alternate<T, C extends Contender>(
  present: readonly { readonly contender: C }[],
  { name, runs, say }: Turns,
  measure: (contender: C, round: number) => Promise<T>,
): Promise<Alternated<T>> {
  const samples: T[] = [];
  const dropped = new Map<string, string>();
  for (let round = 0; round < runs; round += 1) {
    say(`${name}: round ${round + 1} of ${runs}`);
    for (const { contender } of round % 2 === 0 ? present : present.toReversed()) {
      if (dropped.has(contender.name)) continue;
      try {
        samples.push(await measure(contender, round));
      } catch (error) {
        const reason = String(error).slice(0, longestReason);
        dropped.set(contender.name, `failed in round ${round + 1}: ${reason}`);
        say(`${name}: ${contender.name} ${dropped.get(contender.name)}`);
      }
    }
  }
  const notes = [...dropped].map(([contender, how]) => `${contender} ${how}`);
  if (samples.length === 0) throw new Error(`nobody could be measured: ${notes.join("; ")}`);
  return { samples, dropped, notes };
}
