import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { Song } from "../../support/canary.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { TemporaryFolder } from "../../support/temporary-folder.ts";
import { echo, named, TcpReplica } from "../../support/tcp-replica.ts";
import { ControlGroup, noControlGroups } from "../../support/control-group.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage, type Listed } from "../load-stage.ts";

/** A tenth of a processor for a proxy that has probes to make. */
async function littleTime({ tell, seconds = 20 }: LoadOptions): Promise<void> {
  await using replicas = new AsyncDisposableStack();
  const services: Listed[] = [];
  for (let count = 0; count < 20; count += 1) {
    const replica = replicas.use(await TcpReplica.start(named(`r${count}`)));
    const options = { check: "tcp", "check-interval": "1s" };
    const port = await freePort();
    services.push({ app: `/probed/${count}`, port, options, replicas: [replica.port] });
  }
  await onLoadStage({ services }, async ({ proxy }) => {
    const checks = async (result: string): Promise<number> =>
      (await proxy.metric("portolan_checks_total", { result })) ?? 0;
    const before = await checks("ok");
    {
      using scarce = new ControlGroup({ cpu: 0.1 });
      scarce.take(proxy.pid);
      await wait(seconds * 1000);
    }
    const freedAt = performance.now();
    await eventually(async () => (await proxy.text("/status")) === "OK\n");
    tell(`well again ${Math.round(performance.now() - freedAt)} ms after`);
    tell(`${(await checks("ok")) - before} probes meanwhile, ${await checks("fail")} failed`);
    const { services: served } = await proxy.table();
    const states = served.flatMap((one) => one.replicas.map(({ state }) => state));
    assert.deepEqual([...new Set(states)], ["up"]);
    const changes = proxy.log.filter(({ msg }) => msg === "routing changed");
    assert.ok(changes.every((line) => !/ down/.test(String(line["changes"]))));
  });
}

/**
 * Readers of endless streams that do not read, with little memory for what waits for them. Newcomers are refused
 * meanwhile, a canary's too, so that only its song afterwards says something.
 */
async function littleMemory({ tell, seconds = 30 }: LoadOptions): Promise<void> {
  await using endless = await ReplicaProcess.start("endless", "stream");
  await using quiet = await TcpReplica.start(echo);
  using folder = new TemporaryFolder();
  const [loud, port] = [await freePort(), await freePort()];
  const services = [
    { app: "/endless", port: loud, replicas: [`127.0.0.1:${endless.port}`] },
    { app: "/quiet", port, replicas: [`127.0.0.1:${quiet.port}`] },
  ];
  folder.replace("services.json", JSON.stringify({ services }));
  using scarce = new ControlGroup({ megabytes: 128 });
  const args = ["--file", folder.file("services.json"), "--max-connections", "1000000"];
  await using proxy = await RunningProxy.start(
    args,
    {},
    {
      within: scarce.command,
      canary: "none: newcomers of any service are reset while memory is short",
      // As a container runs it: types are taken off the sources by a compiler of 27 MB.
      file: "dist/main.js",
      runtime: ["--single-threaded-gc"],
    },
  );
  await proxy.ready();
  for (const { port: bound } of services)
    await proxy.service(bound, ({ listening }) => listening.length > 0);
  {
    await using crowd = await Crowd.gather({ port: loud, count: 5000, deaf: true });
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      await wait(Math.min(5000, seconds * 1000));
      assert.equal(scarce.kills, 0, "killed for want of memory");
      const { connected, closed } = await crowd.faring();
      const used = ((await proxy.metric("portolan_memory_used_bytes")) ?? NaN) / 1e6;
      const ended = await closedFor(proxy, "out-of-resources");
      const refused = await closedFor(proxy, "connection-limit");
      const fates = `${closed} closed, ${ended} ended, ${refused} refused`;
      tell(`${connected} connected, ${fates}, ${Math.round(used)} MB in use`);
    }
  }
  {
    await using flood = await Crowd.gather({ port, count: Infinity, hasty: true });
    await wait(seconds * 1000);
    assert.equal(scarce.kills, 0, "killed for want of memory");
    const { connected, errors } = await flood.faring();
    const used = ((await proxy.metric("portolan_memory_used_bytes")) ?? NaN) / 1e6;
    const fates = `${Math.round(connected / seconds)} a second, errors ${JSON.stringify(errors)}`;
    tell(`a flood of connections: ${fates}, ${Math.round(used)} MB in use`);
  }
  await eventually(() => servedOnce(port), { withinMs: 30_000, what: "newcomers are served" });
  await using song = new Song(port);
  await wait(1000);
  await song.assertWell();
  assert.equal(scarce.kills, 0);
  assert.equal(await proxy.metric("portolan_worker_crashes_total"), 0);
}

async function closedFor(proxy: RunningProxy, reason: string): Promise<number> {
  return (await proxy.metric("portolan_connections_closed_total", { reason })) ?? 0;
}

async function servedOnce(port: number): Promise<boolean> {
  await using client = new TcpClient(port);
  client.socket.end("tweet");
  await eventually(() => client.closed);
  return client.text === "tweet";
}

export const scarcityRows: readonly LoadRow[] = [
  {
    id: "L13",
    what: "a tenth of a processor for 20 s",
    skip: () => noControlGroups("cpu"),
    run: littleTime,
  },
  {
    id: "L14",
    what: "128 MB for 5000 clients that do not read, then for a flood of connections",
    skip: () => noControlGroups("memory"),
    run: littleMemory,
  },
];
