import assert from "node:assert/strict";
import { connect } from "node:net";
import { eventually } from "../../support/eventually.ts";
import { freePortOfBoth } from "../../support/udp-client.ts";
import { freePort } from "../../support/free-port.ts";
import { TcpReplica } from "../../support/tcp-replica.ts";
import { missing, outputOnceReady, output, Server } from "../../support/udp-program.ts";
import type { LoadOptions, LoadRow } from "../load-row.ts";
import { onLoadStage } from "../load-stage.ts";
import { residentMegabytes } from "../process-figures.ts";

const skip = (): string | false => missing("iperf3", "iperf3");

function numberAt(report: string, ...path: readonly string[]): number {
  let found: unknown = JSON.parse(report);
  for (const key of path) {
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  }
  return Number(found);
}

/** Longer than bytes may wait for a side that takes none, in s: who takes some must outlive it. */
const longerThanStalled = 130;

/** One client reads a kilobyte a second of an endless stream while others use all there is. */
async function slowReader({ tell, seconds = 30 }: LoadOptions): Promise<void> {
  const line = Buffer.alloc(65_536, "x");
  await using endless = await TcpReplica.start((socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(line));
    };
    socket.on("drain", pour);
    pour();
  });
  const iperf = await freePort();
  await using _ = new Server("iperf3", ["-s", "-p", `${iperf}`, "-B", "127.0.0.1"]);
  const [fast, slow] = [await freePort(), await freePort()];
  const services = [
    { app: "/fast", port: fast, replicas: [iperf] },
    { app: "/slow", port: slow, replicas: [endless.port] },
  ];
  await onLoadStage({ services }, async ({ proxy }) => {
    const half = Math.max(2, Math.round(seconds / 2));
    const run = ["-c", "127.0.0.1", "-p", `${fast}`, "-J", "-t"];
    const speed = async (time: number): Promise<number> => {
      const report = await output("iperf3", [...run, `${time}`], time * 1000 + 20_000);
      return numberAt(report, "end", "sum_received", "bits_per_second") / 1e9;
    };
    await outputOnceReady("iperf3", [...run, "1"]);
    const alone = await speed(half);
    const before = residentMegabytes(proxy.pid);
    const reader = connect(slow, "127.0.0.1");
    reader.on("error", () => undefined);
    reader.pause();
    let read = 0;
    const reading = setInterval(() => {
      const piece: unknown = reader.read(1024);
      if (piece instanceof Buffer) read += piece.length;
    }, 1000);
    const beside = await speed(half);
    const enough = longerThanStalled * 1024;
    await eventually(() => reader.closed || read >= enough, { withinMs: 2 * enough });
    clearInterval(reading);
    tell(`${alone.toFixed(2)} Gbit/s alone, ${beside.toFixed(2)} beside a reader of 1 KB/s`);
    tell(`it has read ${read} bytes; ${Math.round(residentMegabytes(proxy.pid) - before)} MB more`);
    assert.equal(reader.closed, false, `cut off after ${read} bytes`);
    assert.ok(beside > alone / 2, "the slow one holds up the fast one");
    assert.ok(residentMegabytes(proxy.pid) - before < 64);
    reader.destroy();
  });
}

/** Small datagrams of 32 clients, as many as one may hope for. */
async function datagrams({ tell, seconds = 60 }: LoadOptions): Promise<void> {
  const iperf = await freePortOfBoth();
  await using _ = new Server("iperf3", ["-s", "-p", `${iperf}`, "-B", "127.0.0.1"]);
  const port = await freePortOfBoth();
  const options = { "session-timeout": "2s" };
  const services = [{ app: "/udp", port, protocol: "both", options, replicas: [iperf] }] as const;
  await onLoadStage({ services }, async ({ proxy }) => {
    const all = ["-c", "127.0.0.1", "-p", `${port}`, "-u", "-l", "200", "-P", "32", "-J"];
    const rate = (50_000 * 200 * 8) / 32;
    const report = await output(
      "iperf3",
      [...all, "-b", `${rate}`, "-t", `${seconds}`],
      seconds * 1000 + 30_000,
    );
    const packets = numberAt(report, "end", "sum", "packets");
    const lost = numberAt(report, "end", "sum", "lost_percent");
    const count = async (name: string, labels = {}): Promise<number> =>
      (await proxy.metric(`portolan_udp_${name}`, labels)) ?? 0;
    const taken = await count("datagrams_total", { direction: "in" });
    const kernel = await count("kernel_dropped_total");
    tell(`${Math.round(packets / seconds)} a second, ${lost.toFixed(3)} % lost in all`);
    tell(`${taken} taken, ${kernel} dropped by the kernel before us`);
    // What was sent is what we took and what the kernel says it dropped; iperf3 adds a few to each stream.
    assert.ok(Math.abs(packets - taken - kernel) < 32 * 10, `${packets} were sent`);
    assert.ok(lost < 20, "most arrive");
    await eventually(async () => (await count("sessions_active")) <= 32);
  });
}

export const besideRows: readonly LoadRow[] = [
  { id: "T11", what: "a reader of 1 KB/s beside iperf3, for 130 s", skip, run: slowReader },
  { id: "U13", what: "50,000 datagrams a second of 200 bytes, for 60 s", skip, run: datagrams },
];
