import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlGroup, noControlGroups } from "../support/control-group.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";

test(
  "with memory short newcomers are reset and idle connections ended; when that does not help, all are served (L14)",
  { skip: noControlGroups("memory") },
  async () => {
    await using replica = await TcpReplica.start(echo);
    await using marathon = await startMarathon();
    const port = await freePort();
    marathon.putApp(app("/web", port));
    place(marathon, "/web", replica.port);
    using group = new ControlGroup({ megabytes: 4096 });
    const args = ["--marathon", marathon.urls[0] ?? "", "--shed-memory-at", "10"];
    const canary = "none: newcomers of any service are reset while memory is short";
    await using proxy = await RunningProxy.start(args, {}, { within: group.command, canary });
    await proxy.ready();
    await proxy.service(port, ({ listening }) => listening.length > 0);
    await using idle = await TcpClient.open(port);
    idle.socket.write("one");
    await eventually(() => idle.text === "one");
    assert.equal(await proxy.metric("portolan_memory_shedding"), 0);
    assert.equal(await proxy.metric("portolan_memory_limit_bytes"), 2 ** 32);
    const shortage = async (): Promise<string | undefined> =>
      /[^"]* % of the [^"]*/.exec(await proxy.text("/api/problems"))?.[0];
    assert.equal(await shortage(), undefined);

    await settled(proxy);
    // Idle connections are ended from 55 % on; a program takes more or less, by how it was started.
    const used = (await proxy.metric("portolan_memory_used_bytes")) ?? 0;
    const megabytes = Math.ceil((1.5 * used) / 2 ** 20);
    group.allow({ megabytes });
    await eventually(() => idle.closed);
    assert.equal(idle.error?.code, "ECONNRESET");
    let resets = 0;
    const told = await eventually(
      async () => {
        if (!(await isServed(port))) resets += 1;
        const problem = await shortage();
        return problem?.includes("newcomers are taken") === true && problem;
      },
      { withinMs: 30_000 },
    );
    const want = `10 % of the ${megabytes} MiB there may be are in use: no connection`;
    assert.ok(told.startsWith(want), told);
    assert.ok(resets > 0);
    const overLimit = await proxy.metric("portolan_connections_over_limit_total");
    assert.equal(overLimit, 0, "it is not descriptors that are short");
    assert.equal(await isServed(port), true, "refusing more of them would help nobody");
    const ended = { service: `web:${port}`, reason: "out-of-resources" };
    assert.ok(((await proxy.metric("portolan_connections_closed_total", ended)) ?? 0) > 0);

    group.allow({ megabytes: 4096 });
    await eventually(async () => (await shortage()) === undefined, { withinMs: 20_000 });
    assert.equal(await isServed(port), true);
    await eventually(() => proxy.log.some(({ msg }) => msg === "memory is no longer short"));
    assert.equal(group.kills, 0);
  },
);

/** Waits until what the start needed has been given back. */
async function settled(proxy: RunningProxy): Promise<void> {
  const heap = async (size: "used" | "total"): Promise<number> =>
    (await proxy.metric(`nodejs_heap_size_${size}_bytes`)) ?? NaN;
  // New objects alone would have 24 MB by then.
  await eventually(async () => (await heap("total")) - (await heap("used")) < 12 << 20, {
    withinMs: 60_000,
    what: "the start's garbage to be collected",
  });
}

/** True when bytes come back; false when the connection was reset. */
async function isServed(port: number): Promise<boolean> {
  await using client = new TcpClient(port);
  client.socket.end("tweet");
  await eventually(() => client.closed);
  return client.text === "tweet";
}
