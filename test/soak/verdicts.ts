import { noAnswer, type Tally } from "./traffic.ts";

/** One thing that must have held to the end. */
export interface Holding {
  readonly name: string;
  readonly holds: boolean;
  readonly shown: string;
}

/** How much memory was in use at some time. */
export interface Sample {
  readonly atHours: number;
  readonly megabytes: number;
}

/** Holds when everybody was served, but for at most so many who heard nothing. */
export function verdictOn(name: string, tally: Tally, mayHearNothing = 0): Holding {
  const { served, byFaults, failures } = tally;
  const unheard = failures.get(noAnswer) ?? 0;
  const others = [...failures.keys()].some((fate) => fate !== noAnswer);
  const own = `failures ${JSON.stringify(Object.fromEntries(failures))}`;
  const allowed =
    mayHearNothing === 0 ? "" : ` (up to ${mayHearNothing} "${noAnswer}" are by faults)`;
  return {
    name,
    holds: served > 0 && !others && unheard <= mayHearNothing,
    shown: `${served} served, ${byFaults} cut by a death, ${own}${allowed}`,
  };
}

/** Holds when the check does not throw. */
export async function holding(
  name: string,
  check: () => Promise<void>,
  good: string,
): Promise<Holding> {
  try {
    await check();
    return { name, holds: true, shown: good };
  } catch (error) {
    return { name, holds: false, shown: error instanceof Error ? error.message : String(error) };
  }
}

/** Growth per hour over the second half of the samples, by least squares. */
export function slopeOf(samples: readonly Sample[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const mean = (value: (sample: Sample) => number): number =>
    late.reduce((sum, sample) => sum + value(sample), 0) / Math.max(1, late.length);
  const [time, size] = [mean(({ atHours }) => atHours), mean(({ megabytes }) => megabytes)];
  const spread = mean(({ atHours }) => (atHours - time) ** 2);
  if (spread === 0) return 0;
  return mean(({ atHours, megabytes }) => (atHours - time) * (megabytes - size)) / spread;
}
