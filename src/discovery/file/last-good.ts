import { serviceKey } from "../../model/service.ts";
import type { Claim } from "../claims.ts";
import type { ProblemList } from "../problem-list.ts";

/** Whose items cannot be used as they stand. */
export interface Faulty {
  /** An item that does not say whose it is may be anybody's. */
  readonly isAnybody: boolean;
  /** Apps with a service that was left out. */
  readonly apps: ReadonlySet<string>;
  /** Apps with a replica that was left out. */
  readonly replicasOf: ReadonlySet<string>;
}

/**
 * What was good before and whose item has a fault now: services that would be missing, and replicas that would. The
 * items of a document that has none of them any more were taken out on purpose.
 */
export function keepGood(
  { claims, faulty, problems }: { claims: readonly Claim[]; faulty: Faulty; problems: ProblemList },
  before: readonly Claim[],
): readonly Claim[] {
  const listed = new Set(claims.map(idOf));
  const tasks = new Set(claims.map((claim) => `${idOf(claim)} ${claim.replica?.task ?? ""}`));
  const kept = before.filter((claim) => {
    const { app, replica } = claim;
    if (!listed.has(idOf(claim))) return faulty.isAnybody || faulty.apps.has(app);
    const isListed = replica === undefined || tasks.has(`${idOf(claim)} ${replica.task}`);
    return !isListed && faulty.replicasOf.has(app);
  });
  for (const { app, replica } of kept) {
    const what = replica === undefined ? "the service" : `replica ${replica.task}`;
    const reason = `${what} stays as it was, since its item may be one that cannot be used`;
    problems.add({ kind: "invalid-item", subject: app, reason });
  }
  // What is said of the service now comes last, and so is believed.
  return [...kept, ...claims];
}

function idOf(claim: Claim): string {
  return `${serviceKey(claim)} ${claim.app}`;
}
