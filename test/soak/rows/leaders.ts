import { forgetHealth } from "../forgotten-health.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";

/** The time of the row, by each way to judge replicas. */
async function amnesia({ tell, seconds = 60 }: LoadOptions): Promise<void> {
  for (const health of ["both", "marathon"]) {
    const args = ["--health", health, "--refresh-interval", "5s"];
    const served = await forgetHealth({ args, requests: 10_000, forMs: seconds * 1000 });
    tell(`--health ${health}: ${served} requests served, fifty replicas up at every look`);
  }
}

export const leaderRows: readonly LoadRow[] = [
  { id: "M08", what: "a new leader that knows no health of fifty tasks for 60 s", run: amnesia },
];
