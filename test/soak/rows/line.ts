import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { answering, getOnce, saying } from "../../support/http-exchange.ts";
import { Peer } from "../../support/peer.ts";
import { readSamples } from "../../support/samples.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import { freePortOfBoth, UdpClient } from "../../support/udp-client.ts";
import { echoDatagram, UdpReplica } from "../../support/udp-replica.ts";
import { BadLine, noBadLine } from "../bad-line.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";

const bytes = 50_000;
/** How long one exchange may take of which packets are lost again and again, in ms. */
const patience = { withinMs: 120_000 };

/** Bytes there and back; fails when one is not what it was, or the end is a reset. */
async function exchange(port: number, host: string): Promise<void> {
  await using peer = Peer.dial(port, host);
  peer.say(bytes);
  await eventually(() => peer.heard >= bytes || peer.closed, patience);
  peer.socket.end();
  await eventually(() => peer.closed, patience);
  assert.deepEqual([peer.heard, peer.garbled, peer.saw], [bytes, false, "end"]);
}

async function request(port: number, host: string): Promise<void> {
  await using client = new TcpClient(port, host);
  client.socket.write(getOnce("/"));
  await eventually(() => client.ended || client.closed, patience);
  assert.match(client.text, /^HTTP\/1\.1 200 [^]*\r\n\r\nhere$/);
}

/** Connections, requests and datagrams over a line that loses, delays, reorders and garbles; replicas are behind it too. */
async function mixedLoad({ tell, seconds = 300 }: LoadOptions): Promise<void> {
  const faults = { delayMs: 100, jitterMs: 50, lost: 0.02, early: 0.01, corrupt: 0.001 };
  await using line = await BadLine.lay(faults);
  await using bytesBack = await TcpReplica.start(echo, 0, line.outside);
  await using web = await answering(saying("here"), line.outside);
  await using datagramsBack = await UdpReplica.start(echoDatagram, 0, line.outside);
  const [tcp, http, udp] = [await freePort(), await freePort(), await freePortOfBoth()];
  const services = [
    { app: "/tcp", port: tcp, replicas: [bytesBack.port] },
    { app: "/http", port: http, options: { mode: "http" }, replicas: [web.port] },
    { app: "/udp", port: udp, protocol: "udp", replicas: [datagramsBack.port] },
  ] as const;
  await onLoadStage(
    { services, network: line, args: ["--health", "marathon"] },
    async ({ proxy }) => {
      const until = performance.now() + seconds * 1000;
      const done = { exchanges: 0, requests: 0, asked: 0, answered: 0 };
      const again = async (visit: () => Promise<void>): Promise<void> => {
        while (performance.now() < until) await visit();
      };
      const lanes = Array.from({ length: 20 }, () =>
        again(async () => {
          await exchange(tcp, line.inside);
          done.exchanges += 1;
        }),
      );
      const requests = Array.from({ length: 10 }, () =>
        again(async () => {
          await request(http, line.inside);
          done.requests += 1;
        }),
      );
      await using client = await UdpClient.open(udp, { host: line.inside, from: line.outside });
      const datagrams = again(async () => {
        client.send(`question ${(done.asked += 1)}`);
        await wait(50);
      });
      await Promise.all([...lanes, ...requests, datagrams]);
      await wait(1000);
      done.answered = client.received.length;
      tell(`${JSON.stringify(done)} in ${seconds} s`);
      assert.ok(client.texts.every((text) => /^question \d+$/.test(text)));
      assert.ok(done.exchanges > 0 && done.requests > 0 && done.answered > 0);
      const samples = readSamples(await proxy.text("/metrics"));
      const ended = samples.filter(
        ({ name, value }) => name === "portolan_connections_closed_total" && value > 0,
      );
      const fates = new Set(ended.map(({ labels }) => labels["reason"]));
      assert.deepEqual([...fates], ["completed"]);
    },
  );
}

export const lineRows: readonly LoadRow[] = [
  {
    id: "T24",
    what: "5 minutes over a line with 100 ± 50 ms, 2 % loss, 1 % out of order, 0.1 % garbled",
    skip: noBadLine,
    run: mixedLoad,
  },
];
