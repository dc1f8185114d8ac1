import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { Song } from "../../support/canary.ts";
import { eventually } from "../../support/eventually.ts";
import { app, place, startMarathon } from "../../support/marathon.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { readSamples } from "../../support/samples.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { echo, named, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { cpuSeconds, residentMegabytes } from "../process-figures.ts";

/** Of its own, since many ports are claimed. */
const bindHost = "127.77.0.5";
/** The canary's port, and those of the apps that come and go: more than there are rows of counters. */
const [canaryPort, firstPort, ports] = [9999, 10_000, 40_000];
/** Apps that come at a time, how often they do, in ms, and how many times later they go. */
const [atOnce, everyMs, life] = [10, 100, 20];
/** How long what is kept of who has gone may be kept, in s, and how much more heap may be in use then, in MB: the row's 10, and code. */
const [keptSeconds, moreHeap] = [660, 16];

interface Footprint {
  /** Names and labels, but for those of sources, which tell kinds of events from the first one on. */
  readonly series: ReadonlySet<string>;
  readonly heap: number;
}

async function footprint(proxy: RunningProxy): Promise<Footprint> {
  const samples = readSamples(await proxy.text("/metrics"));
  const own = samples.filter(({ name }) => /^portolan_(?!discovery)/.test(name));
  const heap = samples.find(({ name }) => name === "nodejs_heap_size_used_bytes");
  return {
    series: new Set(own.map(({ name, labels }) => name + JSON.stringify(labels))),
    heap: (heap?.value ?? NaN) / 1e6,
  };
}

/** The least of some looks: what has not been collected yet is in the others. */
async function leastHeap(proxy: RunningProxy): Promise<number> {
  let least = Infinity;
  for (let looks = 0; looks < 30; looks += 1) {
    least = Math.min(least, (await footprint(proxy)).heap);
    await wait(1000);
  }
  return least;
}

/** True when the port gives the name of the app that it was asked for. */
async function isServed(port: number): Promise<boolean> {
  await using client = new TcpClient(port, bindHost);
  await eventually(() => client.text.length > 0 || client.closed);
  return client.text.startsWith("churned");
}

/** A hundred apps a second come, live for two seconds, and are gone for good. */
async function churn({ tell, seconds = 300 }: LoadOptions): Promise<void> {
  await using bird = await TcpReplica.start(echo);
  await using replica = await TcpReplica.start(named("churned"));
  await using marathon = await startMarathon();
  marathon.putApp(app("/canary", canaryPort));
  place(marathon, "/canary", bird.port);
  const args = ["--marathon", marathon.urls[0] ?? "", "--bind", bindHost, "--health", "marathon"];
  const quiet = { canary: "none: one that the same Marathon lists sings here" } as const;
  await using proxy = await RunningProxy.start([...args, "--metrics-detail", "replica"], {}, quiet);
  await proxy.ready();
  await proxy.service(canaryPort, ({ listening }) => listening.length > 0);
  await using song = new Song(canaryPort, bindHost);
  const [series, heap] = [(await footprint(proxy)).series, await leastHeap(proxy)];
  tell(`${series.size} series and ${heap.toFixed(0)} MB of heap before`);
  const portOf = (index: number): number => firstPort + (index % ports);
  const come = (index: number): void => {
    marathon.putApp({ ...app(`/churn/${index}`, portOf(index)), healthChecks: [] });
    place(marathon, `/churn/${index}`, replica.port);
  };
  const [startedAt, used] = [performance.now(), cpuSeconds(proxy.pid)];
  let [born, served] = [0, 0];
  const visits = new Set<Promise<unknown>>();
  for (let turn = 1; performance.now() - startedAt < seconds * 1000; turn += 1) {
    for (let count = 0; count < atOnce; count += 1) {
      if (born >= atOnce * life) marathon.deleteApp(`/churn/${born - atOnce * life}`);
      come(born);
      born += 1;
    }
    // One that has been there for a second has been heard of.
    const known = born - (atOnce * life) / 2;
    if (known >= 0) {
      const visit = isServed(portOf(known)).then((is) => (served += Number(is)));
      const one = visit.finally(() => visits.delete(one));
      visits.add(one);
    }
    await wait(Math.max(1, startedAt + turn * everyMs - performance.now()));
  }
  await Promise.all(visits);
  const took = (performance.now() - startedAt) / 1000;
  const cpu = (cpuSeconds(proxy.pid) - used) / took;
  tell(`${born} apps in ${took.toFixed(0)} s, ${served} visited, ${cpu.toFixed(2)} cores`);
  for (let index = born - atOnce * life; index < born; index += 1) {
    marathon.deleteApp(`/churn/${index}`);
    // All at once would be more events than Marathon keeps for a reader, and a loss without them is doubted for half a minute.
    if (index % atOnce === 0) await wait(everyMs);
  }
  await eventually(async () => (await proxy.table()).services.length === 1, { withinMs: 30_000 });
  const now = await footprint(proxy);
  tell(`${now.series.size} series and ${now.heap.toFixed(0)} MB of heap when all are gone`);
  const until = performance.now() + keptSeconds * 1000;
  let left = await leastHeap(proxy);
  while (left > heap + moreHeap && performance.now() < until) left = await leastHeap(proxy);
  const passed = keptSeconds - (until - performance.now()) / 1000;
  tell(`${left.toFixed(0)} MB of heap ${passed.toFixed(0)} s later`);
  tell(`${Math.round(residentMegabytes(proxy.pid))} MB in use`);
  const strange = [...(await footprint(proxy)).series].filter((one) => !series.has(one));
  assert.deepEqual(strange, [], "series");
  assert.ok(left <= heap + moreHeap, `${left} MB of heap`);
  assert.ok(served > 0);
  await song.assertWell();
}

export const churnRows: readonly LoadRow[] = [
  {
    id: "X13",
    what: "100 apps a second come and go for 5 min, and up to 11 min later",
    run: churn,
  },
];
