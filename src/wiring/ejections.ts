import { repeat } from "../async/repeat.ts";
import { giveSecondChances } from "../control/second-chances.ts";
import type { WorkerPool } from "../workers/pool.ts";
import type { HealthParts } from "./checks.ts";

/** Who ejects, who probes, and the clock that dates ejections, in ms since the epoch. */
interface Followed {
  readonly pool: Pick<WorkerPool, "ejections" | "forgive">;
  readonly health: Pick<HealthParts, "checks">;
  readonly clock: () => number;
}

/** How often it is looked whether an ejected replica is well again, in ms. */
const lookEveryMs = 500;

/** Lets the workers try ejected replicas again as soon as probes find them well, until the signal aborts. */
export async function followEjections(
  { pool, health, clock }: Followed,
  signal: AbortSignal,
): Promise<void> {
  await repeat(lookEveryMs, signal, () =>
    giveSecondChances({
      ejected: () =>
        [...pool.ejections.all()].map(({ since, ...one }) => ({ ...one, forMs: clock() - since })),
      checked: (key, replica) => health.checks.ofAddress(key, replica),
      steadyClock: () => performance.now(),
      forgive: (key, replica) => pool.forgive(key, replica),
    }),
  );
}
