import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

test("SIGHUP takes over what changed in the file, tells what needs a restart, and drops nothing", async () => {
  await using replica = await TcpReplica.start(named("r"));
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/demo/web", port));
  place(marathon, "/demo/web", replica.port);
  using folder = new TemporaryFolder();
  const write = (text: string): void => folder.replace("portolan.yaml", text);
  const source = `marathon: ${marathon.urls[0]}`;
  write(`${source}\nbalance: leastconn\n`);
  await using proxy = await RunningProxy.start(["--config", folder.file("portolan.yaml")]);
  await proxy.ready();
  await using client = await TcpClient.open(port);
  await eventually(() => client.text === "r\n");

  write(`${source}\nbalance: first\ncheck-interval: 1s\nworkers: 2\nlog-level: debug\n`);
  proxy.signal("SIGHUP");
  const reloaded = await proxy.logged("reloaded");
  assert.deepEqual(reloaded["changes"], [
    "balance: leastconn → first",
    "check-interval: 2s → 1s",
    "log-level: info → debug",
  ]);
  const late = await proxy.logged("a restart is needed for some settings");
  assert.deepEqual(late["changes"], ["workers: 1 → 2"]);
  await eventually(async () => (await proxy.text("/api/table")).includes('"balance": "first"'));
  assert.match(await proxy.text("/api/explain/demo/web"), /"interval": "(?:1s|1m)"/);

  write(`${source}\nbalance: worst\n`);
  proxy.signal("SIGHUP");
  const refused = await proxy.logged("not reloaded");
  assert.match(String(refused["problem"]), /balance: "worst" is not accepted/);
  assert.match(await proxy.text("/api/table"), /"balance": "first"/);
  client.socket.write("still here");
  await eventually(() => client.text === "r\nstill here");
});

test("SIGUSR2 switches debug lines on, and off again", async () => {
  const marathon = await passingMarathon();
  await using proxy = await RunningProxy.start(["--marathon", marathon.url]);
  await proxy.ready();
  const debugLines = (): number => proxy.log.filter(({ level }) => level === "debug").length;
  await marathon.stop();
  await proxy.logged("marathon event stream is not open, polling goes on");
  assert.equal(debugLines(), 0);
  proxy.signal("SIGUSR2");
  await eventually(() => debugLines() > 1, { withinMs: 30_000 });
  proxy.signal("SIGUSR2");
  const changed = (): string[] =>
    proxy.log.filter(({ msg }) => msg === "log level changed").map((line) => String(line["to"]));
  await eventually(() => changed().length === 2);
  assert.deepEqual(changed(), ["debug", "info"]);
});

/** A Marathon with one app, until it is stopped. */
async function passingMarathon(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const marathon = await startMarathon();
  marathon.putApp(app("/demo/web", await freePort()));
  return { url: marathon.urls[0] ?? "", stop: () => marathon[Symbol.asyncDispose]() };
}
