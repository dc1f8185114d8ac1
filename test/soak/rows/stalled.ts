import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import { Crowd } from "../crowd.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage, type LoadStage } from "../load-stage.ts";
import { residentMegabytes } from "../process-figures.ts";

const count = 5000;

/** All of a crowd that begins and does not go on are let go, and cost little meanwhile. */
async function letGo({ proxy }: LoadStage, crowd: Crowd, { tell }: LoadOptions): Promise<void> {
  const [before, startedAt] = [residentMegabytes(proxy.pid), performance.now()];
  const connected = async (): Promise<boolean> => (await crowd.faring()).connected === count;
  await eventually(connected, { withinMs: 60_000, what: `${count} connections` });
  const grown = residentMegabytes(proxy.pid) - before;
  tell(`${count} connected in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  const closed = async (): Promise<boolean> => (await crowd.faring()).closed === count;
  await eventually(closed, { withinMs: 60_000, what: "the end of all of them" });
  tell(`all let go after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  tell(`${Math.max(0, grown).toFixed(0)} MB more meanwhile`);
  assert.ok(grown < 200, `${grown} MB`);
}

async function stalledHeaders(options: LoadOptions): Promise<void> {
  await using replica = await TcpReplica.start(echo);
  const port = await freePort();
  const service = { app: "/header", port, options: { "accept-proxy": "true" } };
  const stage = {
    services: [{ ...service, replicas: [replica.port] }],
    args: ["--proxy-trusted", "127.0.0.1"],
  };
  await onLoadStage(stage, async (on) => {
    await using crowd = await Crowd.gather({ port, count, say: Buffer.from("PROXY") });
    await letGo(on, crowd, options);
    const ended = { service: `header:${port}`, reason: "proxy-header" };
    await counts(on, "portolan_connections_closed_total", ended);
    // Probes come and say nothing.
    assert.ok(replica.sockets.every(({ bytesRead }) => bytesRead === 0));
  });
}

async function stalledHellos(options: LoadOptions): Promise<void> {
  const port = await freePort();
  const args = ["--enable-gateway", "--gateway-bind=127.0.0.1", "--gateway-port-http="];
  const stage = { services: [], args: [...args, `--gateway-port-https=${port}`] };
  await onLoadStage(stage, async (on) => {
    await using crowd = await Crowd.gather({ port, count, say: Buffer.from([22]) });
    await letGo(on, crowd, options);
    const refused = { reason: "timeout" };
    await counts(on, "portolan_gateway_refused_hellos_total", refused);
  });
}

/** The metric says that it is all of them; a page may be a second old. */
async function counts(
  { proxy }: LoadStage,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const what = `${name} ${JSON.stringify(labels)} of ${count}`;
  await eventually(async () => (await proxy.metric(name, labels)) === count, { what });
}

/** Clients that connect and say nothing, to replicas that say nothing either. */
async function silence(options: LoadOptions): Promise<void> {
  const idleMs = 20_000;
  await using replica = await ReplicaProcess.start("mute", "deaf");
  const port = await freePort();
  const service = { app: "/mute", port, options: { "idle-timeout": `${idleMs / 1000}s` } };
  await onLoadStage({ services: [{ ...service, replicas: [replica.port] }] }, async (on) => {
    await using crowd = await Crowd.gather({ port, count });
    await letGo(on, crowd, options);
    const { shortestMs, longestMs } = await crowd.faring();
    const [shortest, longest] = [shortestMs / 1000, longestMs / 1000];
    options.tell(`each lasted ${shortest.toFixed(1)} to ${longest.toFixed(1)} s`);
    // The tenth that is asked for, and what a busy machine takes to say so.
    assert.ok(shortestMs >= idleMs * 0.9 && longestMs <= idleMs * 1.1 + 3000);
    const ended = { service: `mute:${port}`, reason: "idle-timeout" };
    await counts(on, "portolan_connections_closed_total", ended);
  });
}

export const stalledRows: readonly LoadRow[] = [
  { id: "T23", what: "5000 clients that say nothing, up to a limit of 20 s", run: silence },
  { id: "P07", what: "5000 PROXY headers that stop after 5 bytes", run: stalledHeaders },
  { id: "S03", what: "5000 TLS hellos that stop after 1 byte", run: stalledHellos },
];
