// What an engine allocates per connection and per exchange, as a program that prints JSON. It has a process of its own
// so that nothing else runs in it, and is started with the flags in `allocations.ts`.
import type { HeapProfiler } from "node:inspector";
import { Session } from "node:inspector/promises";
import type { Allocated, AllocationCounts } from "./allocations.ts";
import { EngineFixture, toRoute } from "./engine-fixture.ts";
import { freePort } from "./free-port.ts";
import type { Visits } from "./one-by-one.ts";
import { Visitor } from "./visitor.ts";

type ProfileNode = HeapProfiler.SamplingHeapProfileNode;

const rounds = 3;
/** Every allocation is a sample, also of what is collected before the end. */
const sampling = {
  samplingInterval: 1,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
};
/** It takes the longer the longer a connection took. */
const dependsOnTime = "bucketOf";

await using visitor = await Visitor.start();
// No look at running connections: how many of them fall into a count depends on how long it takes.
await using fixture = new EngineFixture({ checkEveryMs: 3_600_000 });
const port = await freePort();
await fixture.serve(port, [visitor.replicaPort]);
const httpPort = await freePort();
const http = { ...toRoute(httpPort, [visitor.httpReplicaPort]), mode: "http", row: 2 } as const;
await fixture.engine.apply([{ kind: "set", route: http }]);
const session = new Session();
session.connect();
const counts: AllocationCounts = {
  connection: await least({ port, connections: 100, exchanges: 1 }),
  exchange: await least({ port, connections: 1, exchanges: 200 }),
  request: await least({ port: httpPort, connections: 1, exchanges: 200, isHttp: true }),
  survivors: await survivorsOf({ port: httpPort, connections: 20, exchanges: 1, isHttp: true }),
};
process.stdout.write(JSON.stringify(counts));

/** The least of several counts; the first visits only load and compile. */
async function least(visits: Visits): Promise<Allocated> {
  await visitor.visit(visits);
  const found: Allocated[] = [];
  for (let round = 0; round < rounds; round += 1) found.push(await allocatedBy(visits));
  const own = Math.min(...found.map((each) => each.own));
  const all = Math.min(...found.map((each) => each.all));
  return { own, all, functions: found.at(-1)?.functions ?? {} };
}

async function allocatedBy(visits: Visits): Promise<Allocated> {
  await session.post("HeapProfiler.startSampling", sampling);
  await visitor.visit(visits);
  const { profile } = await session.post("HeapProfiler.stopSampling");
  const times = visits.connections * visits.exchanges;
  const functions: Record<string, number> = {};
  let own = 0;
  let all = 0;
  for (const { callFrame, selfSize } of nodesOf(profile.head)) {
    const bytes = selfSize / times;
    all += bytes;
    if (!callFrame.url.includes("/src/") || callFrame.functionName === dependsOnTime) continue;
    own += bytes;
    const name = `${callFrame.functionName} (${callFrame.url.split("/src/").at(-1)})`;
    functions[name] = (functions[name] ?? 0) + bytes;
  }
  return { own, all, functions };
}

/** With a small collection after every few connections: one of them may still be closing then. */
async function survivorsOf(visits: Visits): Promise<number> {
  const batches = 25;
  await visitor.visit(visits);
  await session.post("HeapProfiler.startSampling", {
    ...sampling,
    includeObjectsCollectedByMinorGC: false,
  });
  for (let batch = 0; batch < batches; batch += 1) {
    await visitor.visit(visits);
    globalThis.gc?.({ type: "minor" });
  }
  const { profile } = await session.post("HeapProfiler.stopSampling");
  const bytes = nodesOf(profile.head).reduce((sum, { selfSize }) => sum + selfSize, 0);
  return bytes / (batches * visits.connections);
}

function nodesOf(node: ProfileNode): ProfileNode[] {
  return [node, ...node.children.flatMap((child) => nodesOf(child))];
}
