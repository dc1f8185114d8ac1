import { limits } from "../goals.ts";
import type { PublisherVerbs, Written } from "../actors/verbs.ts";
import { portolan } from "../contenders/portolan.ts";
import { Actor } from "../support/actor.ts";
import type { Report } from "../support/report.ts";
import { figureOf, rounded } from "../support/stats.ts";
import { formatFigure } from "../support/table.ts";
import type { Bench, Scenario } from "./scenario.ts";

const services = 10_000;
/** Changes and removals in each run. */
const changesPerRun = 10;

export const publishFiles: Scenario = {
  name: "publish-files",
  purpose:
    "10,000 services in upstream files: the first write, and a change and a removal of one, from the source (runs: first writes)",
  seconds: 0,
  runs: 5,
  contenders: [portolan],
  run: measureFiles,
};

type What = "first write" | "one changes" | "one goes";
type Samples = Readonly<Record<What, Written[]>>;

async function measureFiles({ runs, say }: Bench): Promise<Report> {
  // Not pinned: the disk is waited for by threads of the runtime, beside the one that makes the files.
  await using publisher = Actor.start<PublisherVerbs>("publisher.ts", {});
  const samples: Samples = { "first write": [], "one changes": [], "one goes": [] };
  for (let run = 0; run < runs; run += 1) {
    say(`publish-files: ${run + 1} of ${runs}`);
    samples["first write"].push(await publisher.call("writeAll", { services }));
    for (let change = 0; change < changesPerRun; change += 1) {
      const service = Math.floor(Math.random() * (services - changesPerRun));
      samples["one changes"].push(await publisher.call("change", { service }));
      samples["one goes"].push(await publisher.call("remove", { service }));
    }
  }
  return toReport(samples);
}

const columns = ["ms", "files touched", "longest stall of the thread, ms"] as const;

function toReport(samples: Samples): Report {
  const rows = (["first write", "one changes", "one goes"] as const).map((what) => {
    const reads: readonly ((written: Written) => number)[] = [
      ({ ms }) => ms,
      ({ files }) => files,
      ({ stallMs }) => stallMs,
    ];
    return { what, figures: reads.map((read) => figureOf(samples[what].map(read))) };
  });
  return {
    tables: [
      {
        title: `publish-files: ${services} services`,
        columns: ["what", ...columns],
        rows: rows.map(({ what, figures }) => [what, ...figures.map((one) => formatFigure(one))]),
      },
    ],
    figures: Object.fromEntries(
      rows.map(({ what, figures }) => [
        what,
        Object.fromEntries(
          columns.map((column, index) => [column, rounded(figures[index]?.median ?? NaN)]),
        ),
      ]),
    ),
    goals: [
      {
        what: "first write",
        limit: limits.publishFirstMs,
        measured: figureOf(samples["first write"].map(({ ms }) => ms))?.median ?? Infinity,
        unit: "ms",
      },
      {
        what: "files that one change rewrites",
        limit: 1,
        measured: Math.max(...samples["one changes"].map(({ files }) => files)),
        unit: "",
      },
    ],
    notes: [
      "a file that takes the place of another is synced to the disk before; new ones are not",
    ],
  };
}
