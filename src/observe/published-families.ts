import type { Readers } from "./catalogue.ts";
import type { Read, Sample } from "./family.ts";
import { labelText } from "./label-text.ts";
import type { publishedMetrics } from "./published-metrics.ts";

/** What those who tell others of services have done, in numbers since the start. */
export interface PublishedFigures {
  /** Undefined where no files are kept. */
  readonly files: FilesFigures | undefined;
  /** One for each address that answers; none without DNS. */
  readonly dns: readonly DnsFigures[];
}

interface FilesFigures {
  /** Files there are now. */
  readonly files: number;
  readonly written: number;
  readonly removed: number;
  readonly failures: number;
  readonly hookRuns: number;
  readonly hookFailures: number;
}

interface DnsFigures {
  /** Answers by code. */
  readonly answers: ReadonlyMap<number, number>;
  readonly ignored: number;
  /** TCP connections open now. */
  readonly connections: number;
  readonly forwarded: {
    readonly asked: number;
    readonly fromCache: number;
    readonly failures: number;
  };
}

/** How the families that describe files and answers are read; those of what is not configured have no series. */
export function publishedFamilies(
  published: () => PublishedFigures,
): Readers<typeof publishedMetrics, Read> {
  const ofFiles = (values: (files: FilesFigures) => Sample[]) => (): Iterable<Sample> => {
    const { files } = published();
    return files === undefined ? [] : values(files);
  };
  const ofDns = (values: (dns: DnsFigures) => readonly Sample[]) => (): Iterable<Sample> =>
    summed(published().dns.flatMap(values));
  return {
    portolan_instance_files: ofFiles(({ files }) => [plain(files)]),
    portolan_instance_files_written_total: ofFiles(({ written }) => [plain(written)]),
    portolan_instance_files_removed_total: ofFiles(({ removed }) => [plain(removed)]),
    portolan_instance_files_failures_total: ofFiles(({ failures }) => [plain(failures)]),
    portolan_instance_files_hook_runs_total: ofFiles(({ hookRuns }) => [plain(hookRuns)]),
    portolan_instance_files_hook_failures_total: ofFiles(({ hookFailures }) => [
      plain(hookFailures),
    ]),
    portolan_dns_answers_total: ofDns(({ answers }) =>
      [...answers].map(([code, value]) => ({ labels: labelText({ code: codeName(code) }), value })),
    ),
    portolan_dns_ignored_total: ofDns(({ ignored }) => [plain(ignored)]),
    portolan_dns_connections_active: ofDns(({ connections }) => [plain(connections)]),
    portolan_dns_forwarded_total: ofDns(({ forwarded: { asked, fromCache } }) => [
      { labels: labelText({ from: "server" }), value: asked },
      { labels: labelText({ from: "cache" }), value: fromCache },
    ]),
    portolan_dns_forward_failures_total: ofDns(({ forwarded }) => [plain(forwarded.failures)]),
  };
}

function plain(value: number): Sample {
  return { labels: "", value };
}

/** One sample for all that have the same labels. */
function summed(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const sample of samples) {
    const { labels } = sample;
    sums.set(labels, { labels, value: (sums.get(labels)?.value ?? 0) + sample.value });
  }
  return [...sums.values()];
}

/** [iana: dns parameters, RCODEs] Those that we give; others come from elsewhere. */
const codeNames: ReadonlyMap<number, string> = new Map([
  [0, "noerror"],
  [1, "formerr"],
  [2, "servfail"],
  [3, "nxdomain"],
  [4, "notimp"],
  [5, "refused"],
  [16, "badvers"],
]);

function codeName(code: number): string {
  return codeNames.get(code) ?? "other";
}
