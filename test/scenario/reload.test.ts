import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { open } from "node:fs/promises";
import { test } from "node:test";
import { selfSigned } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { Program } from "../support/program.ts";
import { isMissing } from "../support/real-server.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { app as scripted, json, ScriptedMarathon } from "../support/scripted-marathon.ts";
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

test(
  "SIGHUP has the next look at a source use renewed authorities and credentials (L06)",
  { skip: isMissing("openssl") },
  async () => {
    await using replica = await TcpReplica.start(named("r"));
    using folder = new TemporaryFolder();
    const keys = ["old", "new"].map((name) => selfSigned(folder.path, name, ["localhost"]));
    const [old, renewed] = keys.map(({ chain: cert, key }) => ({ cert, key }));
    assert.ok(old !== undefined && renewed !== undefined);
    const [before, after] = [await freePort(), await freePort()];
    await using marathon = await ScriptedMarathon.start([], old);
    let [login, refused] = ["old:secret", 0];
    let apps = [scripted("/before", before, [replica.port])];
    marathon.onApi = ({ headers }, response) => {
      const isKnown = headers.authorization === `Basic ${btoa(login)}`;
      if (!isKnown) refused += 1;
      json(response, { apps }, isKnown ? 200 : 401);
    };
    folder.replace("ca.pem", old.cert);
    folder.replace("auth", login);
    const files = [
      "--marathon-ca",
      folder.file("ca.pem"),
      "--marathon-auth-file",
      folder.file("auth"),
    ];
    const url = `https://localhost:${marathon.url.port}`;
    const args = ["--marathon", url, "--refresh-interval", "1h", ...files];
    await using proxy = await RunningProxy.start(args);
    await proxy.ready();
    await proxy.service(before);
    // A second look follows the opening of the stream; from then on nothing is to be looked at for an hour.
    await eventually(() => marathon.fetches === 2 && marathon.streams === 1);

    login = "new:secret";
    apps = [scripted("/before", before, [replica.port]), scripted("/after", after, [replica.port])];
    marathon.renew(renewed);
    folder.replace("ca.pem", renewed.cert);
    folder.replace("auth", login);
    proxy.signal("SIGHUP");
    await proxy.service(after, ({ listening }) => listening.length > 0);
    assert.equal(marathon.fetches, 3);
    assert.equal(refused, 0);
    const failed = { result: "failed" };
    assert.equal((await proxy.metric("portolan_discovery_syncs_total", failed)) ?? 0, 0);
    assert.equal(marathon.streams, 1, "who listens goes on listening");
  },
);

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

test("where debug lines are configured, SIGUSR2 switches them off, and on again", async () => {
  const args = ["--marathon", "http://127.0.0.1:1", "--log-level", "debug"];
  await using proxy = await RunningProxy.start(args);
  const changed = (): string[] =>
    proxy.log.filter(({ msg }) => msg === "log level changed").map((line) => String(line["to"]));
  proxy.signal("SIGUSR2");
  await eventually(() => changed().length === 1);
  proxy.signal("SIGUSR2");
  await eventually(() => changed().length === 2);
  assert.deepEqual(changed(), ["info", "debug"]);
});

test(
  "SIGUSR1 opens no debugger to the users of this host",
  { skip: isMissing("ss", "iproute2") },
  async () => {
    await using proxy = await RunningProxy.start(["--marathon", "http://127.0.0.1:1"]);
    const listening = (): string[] =>
      execFileSync("ss", ["-Hltnp"], { encoding: "utf8" })
        .split("\n")
        .filter((line) => line.includes(`pid=${proxy.pid},`));
    const before = listening();
    assert.equal(before.length, 1);
    proxy.signal("SIGUSR1");
    await proxy.logged("SIGUSR1 is for nothing here");
    assert.deepEqual(listening(), before);
    assert.equal(proxy.stderr, "");
  },
);

test("signals that come before the configuration has been read are heard when it has been (L06)", async () => {
  using folder = new TemporaryFolder();
  const config = slowFile(folder, "portolan.yaml");
  const args = ["run", "--status-endpoint", "127.0.0.1:0", "--config", config];
  await using program = new Program({ args });
  // Opened once the program waits for what it says.
  await using writer = await open(config, "w");
  for (const name of ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const) program.signal(name);
  const source = "marathon: http://127.0.0.1:1\n";
  folder.replace("portolan.yaml", `${source}balance: first\n`);
  await writer.write(source);
  await writer.close();
  const reloaded = await program.logged("reloaded");
  assert.deepEqual(reloaded["changes"], ["balance: leastconn → first"]);
  await program.logged("log level changed");
  await program.logged("SIGUSR1 is for nothing here");
});

test("a command that only asks ends with its terminal", async () => {
  using folder = new TemporaryFolder();
  const config = slowFile(folder, "portolan.yaml");
  await using program = new Program({ args: ["check", "--config", config] });
  await using writer = await open(config, "w");
  program.signal("SIGHUP");
  await program.exit();
  assert.equal(program.child.signalCode, "SIGHUP");
  await writer.close();
});

/** A file whose reader waits until a writer has closed it. */
function slowFile(folder: TemporaryFolder, name: string): string {
  execFileSync("mkfifo", [folder.file(name)]);
  return folder.file(name);
}

/** A Marathon with one app, until it is stopped. */
async function passingMarathon(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const marathon = await startMarathon();
  marathon.putApp(app("/demo/web", await freePort()));
  return { url: marathon.urls[0] ?? "", stop: () => marathon[Symbol.asyncDispose]() };
}
