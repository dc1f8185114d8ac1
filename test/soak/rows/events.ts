import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { Song } from "../../support/canary.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { readSamples } from "../../support/samples.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import { TemporaryFolder } from "../../support/temporary-folder.ts";
import { FloodingMarathon } from "../flooding-marathon.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { cpuSeconds } from "../process-figures.ts";

const perSecond = 50_000;
/** A burst is waited for a quarter of a second at most, and confirmed a second after each look. */
const mostReadsPerSecond = 6;
/** The bounds of the event loop, its slowest hundredth and its worst, twice as long as alone: what floods runs on the same machine. */
const [p99Ms, worstMs] = [100, 500];

/** Events of a whole cluster's worth, for a minute; the canary is of a file. */
async function flood({ tell, seconds = 60 }: LoadOptions): Promise<void> {
  await using bird = await TcpReplica.start(echo);
  await using marathon = await FloodingMarathon.start();
  using folder = new TemporaryFolder();
  const canary = await freePort();
  const service = { app: "/canary", port: canary, replicas: [`127.0.0.1:${bird.port}`] };
  folder.replace("services.json", JSON.stringify({ services: [service] }));
  const args = ["--marathon", marathon.url, "--file", folder.file("services.json")];
  const quiet = { canary: "none: one of a file sings here" } as const;
  await using proxy = await RunningProxy.start(args, {}, quiet);
  await proxy.ready();
  await proxy.service(canary, ({ listening }) => listening.length > 0);
  const page = async (): Promise<(wanted: string) => number> => {
    const samples = readSamples(await proxy.text("/metrics"));
    return (wanted) =>
      samples.filter(({ name }) => name === wanted).reduce((sum, { value }) => sum + value, 0);
  };
  const received = async (): Promise<number> => (await page())("portolan_discovery_events_total");
  await eventually(async () => (await received()) > 0, { what: "an event of our own stream" });
  await using song = new Song(canary);
  // Each page tells of the time since the one before.
  const [before, used] = [await received(), cpuSeconds(proxy.pid)];
  const { said, reads, streams } = await marathon.flood({ perSecond, seconds });
  const cpu = (cpuSeconds(proxy.pid) - used) / seconds;
  await wait(1100);
  const value = await page();
  const lagMs = (which: string): number => value(`nodejs_eventloop_lag_${which}_seconds`) * 1000;
  const [p99, most] = [lagMs("p99"), lagMs("max")];
  const taken = value("portolan_discovery_events_total") - before;
  tell(`${Math.round(said / seconds)} events a second, ${taken} of ${said} taken in`);
  tell(`${reads} reads, ${streams} streams opened, ${cpu.toFixed(2)} cores`);
  tell(`the loop was away for ${p99.toFixed(0)} ms at p99, ${most.toFixed(0)} at most`);
  await song.assertWell();
  tell(`${song.served} connections meanwhile, none failed`);
  assert.ok(said >= perSecond * seconds * 0.9, "a flood");
  assert.ok(reads <= mostReadsPerSecond * seconds, `${reads} reads`);
  assert.ok(p99 <= p99Ms && most <= worstMs, `away for ${p99} and ${most} ms`);
}

export const eventRows: readonly LoadRow[] = [
  { id: "M21", what: "50,000 events a second, for 60 s", run: flood },
];
