import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { FaultyLink } from "../../support/faults/faulty-link.ts";
import { slicer } from "../../support/faults/slicer.ts";
import { freePort } from "../../support/free-port.ts";
import { Peer } from "../../support/peer.ts";
import { echo, TcpReplica } from "../../support/tcp-replica.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { cpuSeconds } from "../process-figures.ts";

const size = 64 * 1024;
/** How long the proxy is looked at before, in s: what it does anyway is not on the account of the bytes. */
const quietSeconds = 10;

/** Every byte in a segment of its own, a millisecond after the one before. */
async function byteByByte({ tell }: LoadOptions): Promise<void> {
  await using replica = await TcpReplica.start(echo);
  const port = await freePort();
  const services = [{ app: "/bytes", port, replicas: [replica.port] }];
  await onLoadStage({ services }, async ({ proxy }) => {
    await using link = await FaultyLink.start(port, { upload: [slicer()] });
    const [before, quietFrom] = [cpuSeconds(proxy.pid), performance.now()];
    await wait(quietSeconds * 1000);
    const [used, startedAt] = [cpuSeconds(proxy.pid), performance.now()];
    const quiet = (used - before) / (startedAt - quietFrom);
    await using client = await Peer.connect(link.port);
    client.say(size);
    client.socket.end();
    await eventually(() => client.closed, { withinMs: 300_000, what: "the end of the exchange" });
    const tookMs = performance.now() - startedAt;
    const cost = cpuSeconds(proxy.pid) - used - quiet * tookMs;
    assert.deepEqual([client.heard, client.garbled, client.saw], [size, false, "end"]);
    tell(`${size} bytes there and back in ${(tookMs / 1000).toFixed(0)} s`);
    tell(`${cost.toFixed(2)} s of a core, ${((cost * 1e6) / size).toFixed(0)} µs for each byte`);
    assert.ok(cost < 2, "the row asks for a second, of a machine with nothing else to do");
  });
}

export const pieceRows: readonly LoadRow[] = [
  { id: "T12", what: "64 KiB, byte by byte, a millisecond apart", run: byteByByte },
];
