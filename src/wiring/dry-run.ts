import { isAbort, sleep } from "../async/sleep.ts";
import { checkPolicyOf } from "../config/policy-of.ts";
import type { Config } from "../config/settings.ts";
import { Controller } from "../control/controller.ts";
import { Checks } from "../health/checks.ts";
import type { Problem } from "../model/problem.ts";
import { certifiedNames } from "../routing/certified-names.ts";
import type { Table } from "../routing/table.ts";
import { hostNames } from "../workers/this-host.ts";
import { inOrderOfUse, outOfTime } from "./certificate-order.ts";
import { readCertificates, type ReadCertificates } from "./certificate-folder.ts";
import { makeFeeds, type Surroundings } from "./feeds.ts";
import { routingRules } from "./routing-rules.ts";

/** What would be served now. */
export interface DryRun {
  /** Undefined when not every source could be read in time. */
  readonly table: Table | undefined;
  readonly problems: readonly Problem[];
}

/** The sources had no answer to give for this long, in ms. */
const patienceMs = 30_000;

/** Reads every source once and builds the table that would be served, as the sources see it: nothing is bound or probed. */
export async function dryRun(surroundings: Surroundings): Promise<DryRun> {
  const { config, logger, clock } = surroundings;
  // The first table is the only one that is shown, so it waits for names.
  const feeds = makeFeeds(surroundings, { partialMs: Infinity });
  const { certificates, problems } = await certificatesOf(config, clock());
  const life = new AbortController();
  const first = Promise.withResolvers<Table>();
  const controller = new Controller({
    feeds,
    checks: unasked(surroundings),
    rules: routingRules(config, {
      statusPort: config.statusEndpoint?.port,
      names: hostNames(config.hostNames),
      sources: feeds.map(({ source }) => source.name),
      isCertified: certifiedNames(certificates.flatMap(({ names }) => names)),
    }),
    connectionsOn: () => 0,
    shrinkGuard: false,
    clock,
    steadyClock: () => performance.now(),
    logger,
    publish: (table) => first.resolve(table),
  });
  const running = controller.run(life.signal).catch((error: unknown) => {
    if (!isAbort(error, life.signal)) first.reject(error);
  });
  const late = sleep(patienceMs, life.signal).then(
    () => undefined,
    () => undefined,
  );
  const table = await Promise.race([first.promise, late]);
  life.abort();
  await running;
  const unread = feeds.flatMap(({ source }): Problem[] => {
    const { name, endpoint, lastSyncAt, lastError } = source.status();
    if (lastSyncAt !== undefined) return [];
    const reason = `${endpoint} could not be read: ${lastError ?? "no answer yet"}`;
    return [{ kind: "source-unread", subject: name, reason }];
  });
  return { table, problems: [...unread, ...problems, ...(table?.problems ?? [])] };
}

async function certificatesOf(
  { tlsCertDir }: Config,
  now: number,
): Promise<Pick<ReadCertificates, "certificates" | "problems">> {
  if (tlsCertDir === undefined) return { certificates: [], problems: [] };
  const { certificates, problems } = await readCertificates(tlsCertDir);
  const inOrder = inOrderOfUse(certificates, now);
  return { certificates: inOrder, problems: [...problems, ...outOfTime(inOrder, now)] };
}

/** Checks that ask nobody: the table is as the sources see it. */
function unasked({ config }: Surroundings): Checks {
  return new Checks({
    prober: { want: () => {}, watched: () => undefined, nextIn: () => 0, suspect: () => {} },
    defaults: checkPolicyOf(config),
    mayProbe: () => false,
    preface: () => Buffer.alloc(0),
    credentialsOf: () => undefined,
  });
}
