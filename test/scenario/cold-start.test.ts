import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

async function ask(port: number): Promise<string | undefined> {
  await using client = new TcpClient(port);
  await eventually(() => client.text.includes("\n") || client.closed);
  return client.text.includes("\n") ? client.text.trim() : undefined;
}

test("a start without Marathon serves what it said last, says so, and follows it when it is back (M02)", async () => {
  await using one = await TcpReplica.start(named("one"));
  await using two = await TcpReplica.start(named("two"));
  using folder = new TemporaryFolder();
  const [port, marathonPort] = [await freePort(), await freePort()];
  const flags = ["--marathon", `http://127.0.0.1:${marathonPort}`];
  const state = ["--state-file", folder.file("state")];
  const startWeb = async (replicaPort: number) => {
    const marathon = await startMarathon({ port: marathonPort });
    marathon.putApp(app("/demo/web", port));
    place(marathon, "/demo/web", replicaPort);
    return marathon;
  };
  {
    await using _ = await startWeb(one.port);
    await using proxy = await RunningProxy.start([...flags, ...state]);
    await proxy.ready();
    assert.equal(await ask(port), "one");
    proxy.signal("SIGTERM");
    assert.equal(await proxy.exit(), 0);
  }
  await using proxy = await RunningProxy.start([...flags, ...state]);
  await proxy.ready();
  assert.equal(await ask(port), "one");
  assert.match(
    await proxy.text("/api/problems"),
    /"kind": "restored",\s+"subject": "marathon",\s+"reason": "marathon has not answered since the start/,
  );
  assert.equal(await proxy.metric("portolan_problems", { kind: "restored" }), 1);
  assert.match(await proxy.text("/api/sources"), /"lastSync": null/);
  await using _ = await startWeb(two.port);
  await eventually(async () => (await ask(port)) === "two");
  await eventually(async () => (await proxy.text("/api/problems")) === "[]\n");
});

test("without a state file nothing is bound until a source has answered (M02)", async () => {
  const args = ["--marathon", `http://127.0.0.1:${await freePort()}`];
  using folder = new TemporaryFolder();
  await using proxy = await RunningProxy.start([...args, "--state-file", folder.file("state")]);
  await eventually(async () => /"failures": [1-9]/.test(await proxy.text("/api/sources")));
  assert.equal(await proxy.text("/status"), "INITIALIZING\n");
  assert.equal((await proxy.table()).version, 0);
});
