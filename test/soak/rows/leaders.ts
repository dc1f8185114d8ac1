import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { Song } from "../../support/canary.ts";
import { freePort } from "../../support/free-port.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { marathonSource, RunningSource } from "../../support/running-source.ts";
import { app } from "../../support/scripted-marathon.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import { FlappingMarathon } from "../flapping-marathon.ts";
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

/** A fleet, one of which is a whole proxy; and how often its Marathon comes or goes, in ms. */
const [fleet, flapMs] = [200, 2000];
/** They all start at once, and are in step until the longest wait has passed a few times. */
const firstSeconds = 60;
/** A look that fails is tried again after a tenth of a second, then ever later; a stream after 7.5 s and more. */
const mostPerSecond = 1;

/** Every proxy of a fleet asks a Marathon that comes and goes. */
async function flaps({ tell, seconds = 600 }: LoadOptions): Promise<void> {
  await using bird = await TcpReplica.start(echo);
  const canary = await freePort();
  await using marathon = await FlappingMarathon.start(fleet, [app("/canary", canary, [bird.port])]);
  const [first, ...others] = marathon.urls;
  await using owned = new AsyncDisposableStack();
  const options = { refreshIntervalMs: 60_000, random: () => Math.random() };
  const sources = others.map((url) => owned.use(new RunningSource(marathonSource([url], options))));
  const quiet = { canary: "none: one that the same Marathon lists sings here" } as const;
  await using proxy = await RunningProxy.start(["--marathon", first?.href ?? ""], {}, quiet);
  await proxy.ready();
  await proxy.service(canary, ({ listening }) => listening.length > 0);
  const { version } = await proxy.table();
  await using song = new Song(canary);
  const startedAt = performance.now();
  const [from, until] = [firstSeconds, firstSeconds + seconds].map((at) => startedAt + at * 1000);
  assert.ok(from !== undefined && until !== undefined);
  while (performance.now() < until) {
    await wait(flapMs);
    marathon.flap();
  }
  const each = marathon.connects.map((all) => all.filter((at) => at >= from && at < until));
  const perSecond = Array.from({ length: seconds }, () => 0);
  for (const at of each.flat()) {
    const second = Math.floor((at - from) / 1000);
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  }
  const most = Math.max(...each.map(({ length }) => length)) / seconds;
  const mean = each.flat().length / seconds;
  const peak = Math.max(...perSecond);
  tell(`${mean.toFixed(1)} connects of ${fleet} a second, ${peak} at most`);
  tell(`${most.toFixed(2)} a second of who connects most often`);
  assert.ok(peak <= 3 * mean, `${peak} in one second`);
  assert.ok(most <= mostPerSecond, `${most} a second`);
  assert.equal((await proxy.table()).version, version, "what is known stays");
  for (const { last } of sources) assert.equal(last?.services.length, 1);
  await song.assertWell();
  tell(`${song.served} connections meanwhile, none failed`);
}

export const leaderRows: readonly LoadRow[] = [
  { id: "M08", what: "a new leader that knows no health of fifty tasks for 60 s", run: amnesia },
  {
    id: "M24",
    what: "a fleet of 200 whose Marathon comes and goes every 2 s, for 10 min after the first",
    run: flaps,
  },
];
