import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { RunningProxy } from "../../support/running-proxy.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import { apps, onLargeStage } from "../large-stage.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { cpuSeconds, forgetPeak, peakMegabytes, residentMegabytes } from "../process-figures.ts";

async function readAgain(options: LoadOptions): Promise<void> {
  await onLargeStage(options, async ({ proxy }) => {
    // A page of metrics is larger than the list: asking for it would be the load.
    const looks = async (): Promise<number> =>
      Number(/"syncs": (\d+)/.exec(await proxy.text("/api/sources"))?.[1]);
    const [before, used, { version }] = [await looks(), cpuSeconds(proxy.pid), await proxy.table()];
    const until = performance.now() + (options.seconds ?? 30) * 1000;
    // What the start took, and the pages that were asked for at its end, are not on the account of looking again.
    forgetPeak(proxy.pid);
    const resident = residentMegabytes(proxy.pid);
    let [count, longestMs] = [0, 0];
    while (performance.now() < until || count < 3) {
      const askedAt = performance.now();
      proxy.signal("SIGHUP");
      while ((await looks()) <= before + count) await wait(100);
      count = (await looks()) - before;
      longestMs = Math.max(longestMs, performance.now() - askedAt);
    }
    const most = peakMegabytes(proxy.pid);
    options.tell(`${Math.round(resident)} MB before, ${Math.round(most)} at most meanwhile`);
    const each = (cpuSeconds(proxy.pid) - used) / count;
    options.tell(`${count} looks at ${apps} apps, ${each.toFixed(2)} s of a core each`);
    options.tell(`the longest took ${(longestMs / 1000).toFixed(1)} s`);
    assert.equal((await proxy.table()).version, version, "what is the same changes nothing");
  });
}

async function scrapes(options: LoadOptions): Promise<void> {
  await onLargeStage(options, async ({ proxy }) => {
    const count = 50;
    const away = (): Promise<number | undefined> =>
      proxy.metric("nodejs_eventloop_lag_max_seconds");
    // Each page tells how long the loop was away since the one before, and is kept for a second.
    await away();
    await wait(1100);
    const startedAt = performance.now();
    const used = cpuSeconds(proxy.pid);
    const sizes = await Promise.all(Array.from({ length: count }, () => sizeOf(proxy, "/metrics")));
    const took = performance.now() - startedAt;
    const [bytes = 0] = sizes;
    const page = `${count} pages of ${(bytes / 1e6).toFixed(1)} MB`;
    const cpu = (cpuSeconds(proxy.pid) - used).toFixed(2);
    options.tell(`${page} at once in ${Math.round(took)} ms, with ${cpu} s of a core`);
    assert.ok(Math.min(...sizes) > apps * 100);
    const mayAsk = async (): Promise<boolean> => (await proxy.get("/api/problems")).ok;
    await eventually(mayAsk, { withinMs: 30_000, what: "answers for one more" });
    await wait(1100);
    const lagMs = ((await away()) ?? NaN) * 1000;
    options.tell(`the control thread's loop was away for ${Math.round(lagMs)} ms at most`);
    assert.equal(await proxy.metric("portolan_metrics_series_dropped_total"), 0);
  });
}

/** Bytes of a page; it is not kept, since fifty of them together are most of a gigabyte. */
async function sizeOf(proxy: RunningProxy, path: string): Promise<number> {
  let answer = await proxy.get(path);
  // All readers together get so many bytes a second; those beyond are told to come again.
  while (answer.status === 429) {
    await answer.body?.cancel();
    await wait(1000);
    answer = await proxy.get(path);
  }
  assert.equal(answer.status, 200);
  let size = 0;
  for await (const piece of answer.body ?? []) size += piece.length;
  return size;
}

/** Two thousand ports of a service each, all at once. */
async function manyPorts({ tell }: LoadOptions): Promise<void> {
  await using replica = await TcpReplica.start(echo);
  const added = 2000;
  await onLoadStage({ services: [], host: "127.77.0.3" }, async ({ proxy, list }) => {
    const many = Array.from({ length: added }, (_, index) => {
      return { app: `/many/${index}`, port: 10_000 + index, replicas: [replica.port] };
    });
    const startedAt = performance.now();
    list(many);
    const bound = async (): Promise<number> =>
      (await proxy.table()).services.filter(({ listening }) => listening.length > 0).length;
    await eventually(async () => (await bound()) === added + 1, { withinMs: 60_000 });
    tell(`${added} bound after ${Math.round(performance.now() - startedAt)} ms`);
    list([]);
    await eventually(async () => (await proxy.table()).services.length === 1);
  });
}

export const largeRows: readonly LoadRow[] = [
  { id: "R13", what: "10,000 apps of 5 tasks, read again and again for 30 s", run: readAgain },
  { id: "R14", what: "2000 service ports in one step", run: manyPorts },
  { id: "A05", what: "50 scrapes at once of 10,000 apps", run: scrapes },
];
