import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { answering, get, saying } from "../../support/http-exchange.ts";
import { inOwnNetwork, lacksOwnNetwork } from "../../support/own-network.ts";
import { TcpClient } from "../../support/tcp-client.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { newTally, sendRequests } from "../traffic.ts";

/** A port whose mode changes twice a second while requests come on new connections, and ten connections stay. */
async function flippedModes({ tell, seconds = 60 }: LoadOptions): Promise<void> {
  await using replica = await answering((socket, head) => saying(head.split(" ")[1] ?? "")(socket));
  const port = await freePort();
  const listed = (mode: "tcp" | "http") => [
    { app: "/flips", port, options: { mode }, replicas: [replica.port] },
  ];
  await onLoadStage({ services: listed("tcp") }, async ({ proxy, list }) => {
    await using owned = new AsyncDisposableStack();
    const stays = Array.from({ length: 10 }, () => owned.use(new TcpClient(port)));
    const stop = new AbortController();
    const tally = newTally();
    const options = { port, perSecond: 250, signal: stop.signal, tally, deaths: () => 0 };
    const traffic = sendRequests(options);
    let flips = 0;
    const until = performance.now() + seconds * 1000;
    for (; performance.now() < until; flips += 1) {
      const mode = flips % 2 === 0 ? "http" : "tcp";
      list(listed(mode));
      await proxy.service(port, (service) => service.mode === mode);
      for (const { socket } of stays) socket.write(get("/here"));
      const heard = (flips + 1) * "/here".length;
      await eventually(() =>
        stays.every(
          ({ text }) => text.replaceAll(/HTTP[^/]*\/1[^]*?\r\n\r\n/g, "").length === heard,
        ),
      );
      await wait(250);
    }
    stop.abort();
    await traffic;
    tell(`${tally.served} requests served in ${flips} flips`);
    assert.deepEqual(Object.fromEntries(tally.failures), {});
    assert.ok(tally.served > seconds * 25 && flips > seconds / 5);
  });
}

const settings = { "net.ipv4.tcp_migrate_req": 1 };

/** Fifty thousand connections while one portolan after another takes over. */
async function replacements({ tell }: LoadOptions): Promise<void> {
  const options = ["--connections", "50000", "--replacements", "3", "--workers", "2"];
  const command = [process.execPath, "test/soak/takeover.ts", ...options];
  const { file, args } = inOwnNetwork(settings, command);
  const { stdout } = await promisify(execFile)(file, args);
  tell(stdout.trim());
  const figures: unknown = JSON.parse(stdout);
  assert.ok(typeof figures === "object" && figures !== null && "lost" in figures);
  assert.deepEqual(figures.lost, {});
}

export const changeRows: readonly LoadRow[] = [
  {
    id: "R05",
    what: "a port that is TCP and HTTP by turns, under load for 60 s",
    run: flippedModes,
  },
  {
    id: "L09",
    what: "50,000 connections while portolan is replaced three times",
    skip: () => lacksOwnNetwork(settings),
    run: replacements,
  },
];
