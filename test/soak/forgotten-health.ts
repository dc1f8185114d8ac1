import assert from "node:assert/strict";
import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { onStage } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { answering, saying } from "../support/http-exchange.ts";
import { app, place } from "../support/marathon.ts";
import type { TableJson } from "../support/status-port.ts";
import { Stop } from "../support/stop.ts";
import { requestOnce } from "./traffic.ts";

export interface Forgetting {
  /** Flags of the proxy. */
  readonly args: readonly string[];
  /** Requests at least, and how long they go on at least while nothing is known, in ms. */
  readonly requests: number;
  readonly forMs: number;
}

const [apps, tasksPerApp, lanes] = [10, 5, 20] as const;
/** What is said of a replica whose results have been forgotten: what a probe says, or that no check has reported. */
const forgotten = /^(?:probe|0 of 1)/;

/**
 * A new leader forgets the health of fifty tasks while requests come on kept and new connections: not one may fail, and
 * not one replica may be anything but up, whenever one looks. Returns how many requests were served.
 */
export async function forgetHealth({ args, requests, forMs }: Forgetting): Promise<number> {
  await using replicas = new AsyncDisposableStack();
  const [ports, replicaPorts]: [number[], number[]] = [[], []];
  for (let count = 0; count < apps; count += 1) ports.push(await freePort());
  for (let count = 0; count < tasksPerApp; count += 1) {
    const replica = await answering((socket, head) => saying(head.split(" ")[1] ?? "")(socket));
    replicaPorts.push(replicas.use(replica).port);
  }
  let served = 0;
  const marathon = { members: 2 };
  await onStage({ args, marathon }, async ({ marathon: cluster, proxy }) => {
    for (const [index, port] of ports.entries()) {
      cluster.putApp(app(`/forgotten/${index}`, port));
      for (const replicaPort of replicaPorts) place(cluster, `/forgotten/${index}`, replicaPort);
    }
    const all = ({ services }: TableJson): TableJson["services"][number]["replicas"] =>
      services.filter(({ port }) => ports.includes(port)).flatMap((one) => one.replicas);
    const upIn = (table: TableJson): number =>
      all(table).filter(({ state }) => state === "up").length;
    await eventually(async () => upIn(await proxy.table()) === apps * tasksPerApp);
    for (const port of ports) await proxy.service(port, ({ listening }) => listening.length > 0);
    const failures: string[] = [];
    let known = 0;
    using stop = new Stop();
    const follow = async (lane: number): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let count = 0; !stop.signal.aborted && failures.length < 10; count += 1) {
        // Every tenth one is on a connection of its own.
        if (count % 10 === 0) agent.destroy();
        const fate = await requestOnce(
          ports[(lane + count) % apps] ?? 0,
          `${lane}/${count}`,
          agent,
        );
        if (fate === "served") served += 1;
        else failures.push(fate);
      }
      agent.destroy();
    };
    const following = Array.from({ length: lanes }, (_, lane) => follow(lane));
    await eventually(() => served > lanes);
    await cluster.electLeader(1);
    const before = served;
    let forgottenAt: number | undefined;
    const isLongEnough = (): boolean =>
      forgottenAt !== undefined &&
      performance.now() - forgottenAt >= forMs &&
      served - before >= requests;
    const until = performance.now() + forMs + 60_000;
    while (!isLongEnough() && failures.length === 0) {
      const table = await proxy.table();
      assert.equal(upIn(table), apps * tasksPerApp);
      known = all(table).filter(({ reason }) => !forgotten.test(reason)).length;
      if (known === 0) forgottenAt ??= performance.now();
      assert.ok(performance.now() < until, `${known} are still known, ${served} were served`);
      await wait(50);
    }
    stop.abort();
    await Promise.all(following);
    assert.deepEqual(failures, []);
    assert.equal(known, 0, "health came back by itself");
    served -= before;
  });
  return served;
}
