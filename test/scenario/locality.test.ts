import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { app, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

// Loopback addresses that no interface has: only what a source says of it makes such a replica one of this host.
const [here, elsewhere] = ["127.0.0.2", "127.0.0.3"] as const;

async function ask(port: number): Promise<string | undefined> {
  await using client = new TcpClient(port);
  await eventually(() => client.text.includes("\n") || client.closed);
  return client.text.includes("\n") ? client.text.trim() : undefined;
}

/** Who answers, of twelve clients. */
async function answering(port: number): Promise<readonly (string | undefined)[]> {
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(port)));
  return [...new Set(answers)].toSorted();
}

interface Stage extends AsyncDisposable {
  readonly port: number;
  readonly local: TcpReplica;
  readonly list: (hosts: readonly string[]) => void;
  readonly file: string;
}

/** A file with two replicas, of which the first is on the host that the first name says. */
async function stage(hosts: readonly string[]): Promise<Stage> {
  await using owned = new AsyncDisposableStack();
  const local = owned.use(await TcpReplica.start(named("local"), 0, here));
  const remote = owned.use(await TcpReplica.start(named("remote"), 0, elsewhere));
  const folder = owned.use(new TemporaryFolder());
  const port = await freePort();
  const places = [`${here}:${local.port}`, `${elsewhere}:${remote.port}`];
  const list = (names: readonly string[]): void => {
    const replicas = names.map((host, index) => ({ address: places[index], host }));
    folder.replace("s.json", JSON.stringify({ services: [{ app: "/web", port, replicas }] }));
  };
  list(hosts);
  const kept = owned.move();
  const end = (): Promise<void> => kept.disposeAsync();
  return { port, local, list, file: folder.file("s.json"), [Symbol.asyncDispose]: end };
}

test("only replicas of this host are used, told by a name in whatever case", async () => {
  await using stood = await stage(["Agent-7.example", "agent-8.example"]);
  const names = ["--hostname", "agent-7.EXAMPLE"];
  await using proxy = await RunningProxy.start(["--file", stood.file, "--locality=only", ...names]);
  await proxy.ready();
  assert.deepEqual(await answering(stood.port), ["local"]);
  const explained = await proxy.text("/api/explain/web");
  assert.match(explained, /"thisHost": \[[^\]]*"agent-7\.example"/);
  assert.equal([...explained.matchAll(/"onThisHost": true/g)].length, 1);
  stood.list(["agent-9.example", "agent-8.example"]);
  await eventually(async () => (await ask(stood.port)) === undefined);
});

test("replicas of this host come first, and others when those are out", async () => {
  await using stood = await stage(["agent-7", "agent-8"]);
  const names = ["--host-name", "agent-7"];
  const flags = ["--locality=prefer", "--check-interval=200ms", "--check-fast-interval=100ms"];
  await using proxy = await RunningProxy.start(["--file", stood.file, ...flags, ...names]);
  await proxy.ready();
  assert.deepEqual(await answering(stood.port), ["local"]);
  await stood.local[Symbol.asyncDispose]();
  assert.deepEqual(await answering(stood.port), ["remote"]);
});

test("without a name of this host, replicas anywhere are used", async () => {
  await using stood = await stage(["agent-7", "agent-8"]);
  await using proxy = await RunningProxy.start(["--file", stood.file]);
  await proxy.ready();
  assert.deepEqual(await answering(stood.port), ["local", "remote"]);
});

test("this host is told by the id that Mesos gave its agent", async () => {
  await using local = await TcpReplica.start(named("local"), 0, here);
  await using remote = await TcpReplica.start(named("remote"), 0, elsewhere);
  await using marathon = await startMarathon();
  const port = await freePort();
  marathon.putApp(app("/web", port));
  for (const [host, replica] of [
    [here, local],
    [elsewhere, remote],
  ] as const)
    marathon.addTask("/web", { host, ports: [replica.port], health: true });
  const names = ["--host-name", `agent-${here}`];
  const flags = ["--marathon", marathon.urls[0] ?? "", "--locality=only", ...names];
  await using proxy = await RunningProxy.start(flags);
  await proxy.ready();
  assert.deepEqual(await answering(port), ["local"]);
  const explained = await proxy.text("/api/explain/web");
  assert.match(explained, new RegExp(`"agent": "agent-${here}",[^}]*"onThisHost": true`));
});
