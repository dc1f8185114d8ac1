import assert from "node:assert/strict";
import { existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { test } from "node:test";
import { parseState } from "../../src/publish/state-file.ts";
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

test("kill -9 in the middle of a write leaves a state that the next start uses (M03)", async () => {
  using folder = new TemporaryFolder();
  const [path, services] = [folder.file("state"), folder.file("services.json")];
  // Large, so that a write takes a while; outside the range, so that nothing is bound.
  const list = (round: number): void => {
    const replicas = Array.from({ length: 10_000 }, (_, at) => `10.0.0.${round}:${at + 1}`);
    writeFileSync(services, JSON.stringify({ services: [{ app: "/web", port: 1234, replicas }] }));
  };
  const flags = ["--file", services, "--state-file", path, "--port-range", "1-1"];
  for (let round = 1; round <= 3; round += 1) {
    list(round);
    await using proxy = await RunningProxy.start([...flags, "--health", "marathon"]);
    const says = "serving what the sources said before the start";
    assert.equal(
      proxy.log.some(({ msg }) => msg === says),
      round > 1,
    );
    const old = round > 1 ? readFileSync(path, "utf8") : "";
    if (round === 1) await eventually(() => existsSync(path));
    // Told of the draft's every step; what the last round left behind is replaced, too.
    const watcher = watch(folder.path, (_, name) => {
      if (name === "state.tmp") proxy.signal("SIGKILL");
    });
    if (round === 1) proxy.signal("SIGKILL");
    await proxy.exit();
    watcher.close();
    const text = readFileSync(path, "utf8");
    if (text === old) continue;
    const state = parseState(text, Date.now());
    assert.ok(typeof state !== "string", text.slice(0, 100));
    const web = state.services.find((service) => service.app === "/web");
    assert.equal(web?.replicas.length, 10_000);
  }
});
