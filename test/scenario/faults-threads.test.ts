import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/fault-stage.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

/** Two workers lock their address against others: other tests have others. */
const host = "127.0.0.5";
const preload = `--import=${new URL("../support/injected-fault.ts", import.meta.url).href}`;

function isOver({ closed, ended }: TcpClient): boolean {
  return closed || ended;
}

/** A proxy with two workers before one replica, of which one worker commits what is written into the file `fault`. */
async function startFaulty(stack: AsyncDisposableStack, crashes = 1) {
  const folder = stack.use(new TemporaryFolder());
  const web = stack.use(await TcpReplica.start(named("web")));
  const marathon = stack.use(await startMarathon());
  const port = await freePort();
  marathon.putApp(app("/web", port));
  place(marathon, "/web", web.port);
  const fault = folder.file("fault");
  const proxy = stack.use(
    await RunningProxy.start(
      ["--marathon", marathon.urls[0] ?? "", "--workers", "2", "--bind", host],
      { NODE_OPTIONS: preload, INJECTED_FAULT: fault },
      { crashes, canary: "none: whoever connects next has the fault, and all of its thread" },
    ),
  );
  await proxy.ready();
  await proxy.service(port, ({ listening }) => listening.length > 0);
  return { proxy, port, fault };
}

test("an exception in a connection's own code ends its thread and no other, is told, and is over soon (L11)", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, port, fault } = await startFaulty(stack);
  await using owned = new AsyncDisposableStack();
  const held = Array.from({ length: 40 }, () => owned.use(new TcpClient(port, host)));
  await eventually(() => held.every(({ text }) => text === "web\n"));

  writeFileSync(fault, "throw");
  await using victim = new TcpClient(port, host);
  await eventually(() => isOver(victim));
  const told = await proxy.logged("worker died and is replaced");
  assert.match(String(told["reason"]), /an injected fault/);
  assert.equal(await proxy.metric("portolan_worker_crashes_total"), 1);

  await proxy.service(port, ({ listening }) => listening.length > 0);
  for (let count = 0; count < 20; count += 1) assert.equal(await ask(port, host), "web");
  const kept = held.filter((client) => !isOver(client));
  assert.ok(kept.length > 0 && kept.length < held.length, `${kept.length} of ${held.length} kept`);
  for (const { socket } of kept) socket.write("still here");
  await eventually(() => kept.every(({ text }) => text.endsWith("still here")));
  const killed = { reason: "killed" };
  await eventually(async () => {
    const count = await proxy.metric("portolan_connections_closed_total", killed);
    // The victim's own may have been counted before it did harm, or not.
    return count !== undefined && count >= held.length - kept.length;
  });
});

test("threads that die over and over are a problem that is told, and the others serve on (L10)", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, port, fault } = await startFaulty(stack, 5);
  for (let deaths = 1; deaths <= 5; deaths += 1) {
    assert.equal(await proxy.text("/api/problems"), "[]\n");
    writeFileSync(fault, "throw");
    await using victim = new TcpClient(port, host);
    await eventually(() => isOver(victim));
    await eventually(async () => (await proxy.metric("portolan_worker_crashes_total")) === deaths);
    await proxy.service(port, ({ listening }) => listening.length > 0);
  }
  const told = await proxy.logged(/^worker threads die over and over/);
  assert.equal(told["problem"], "workers-dying");
  assert.match(await proxy.text("/api/problems"), /the last one of: Error: an injected fault/);
  assert.equal(await ask(port, host), "web");
});

test("a thread that stands still is told after two seconds, ended after ten and replaced; others serve on (L12)", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, port, fault } = await startFaulty(stack);
  assert.equal(await ask(port, host), "web");
  writeFileSync(fault, "stall");
  await using victim = new TcpClient(port, host);
  assert.ok(Number((await proxy.logged("worker stands still"))["seconds"]) >= 2);
  await eventually(() => isOver(victim), { withinMs: 20_000, what: "the end of the thread" });
  await proxy.logged("worker died and is replaced");
  await proxy.service(port, ({ listening }) => listening.length > 0);
  for (let count = 0; count < 20; count += 1) assert.equal(await ask(port, host), "web");
});
