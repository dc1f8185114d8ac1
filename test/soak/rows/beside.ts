import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { freePortOfBoth } from "../../support/udp-client.ts";
import { freePort } from "../../support/free-port.ts";
import { ReplicaProcess } from "../../support/replica-process.ts";
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

/** What a client from this address hears unasked in a second. */
async function heardFrom(localAddress: string, port: number): Promise<number> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.on("error", () => undefined);
  socket.resume();
  await wait(1000);
  const heard = socket.bytesRead;
  socket.destroy();
  return heard;
}

/** An address of loopback whose clients get the replica that pours, and one whose clients get the other one. */
async function addressesAt(
  port: number,
): Promise<{ readonly slow: string; readonly fast: string }> {
  const found: { slow?: string; fast?: string } = {};
  for (let last = 2; last < 60; last += 1) {
    const from = `127.0.0.${last}`;
    if ((await heardFrom(from, port)) > 0) found.slow ??= from;
    else found.fast ??= from;
    const { slow, fast } = found;
    if (slow !== undefined && fast !== undefined) return { slow, fast };
  }
  throw new Error("all addresses get the same replica");
}

/** A client that reads a kilobyte a second. */
class SlowReader implements Disposable {
  read = 0;
  readonly #socket: Socket;
  readonly #reading: NodeJS.Timeout;

  constructor(port: number, localAddress: string) {
    this.#socket = connect({ port, host: "127.0.0.1", localAddress });
    this.#socket.on("error", () => undefined);
    this.#socket.pause();
    this.#reading = setInterval(() => {
      const piece: unknown = this.#socket.read(1024);
      if (piece instanceof Buffer) this.read += piece.length;
    }, 1000);
  }

  get isCutOff(): boolean {
    return this.#socket.closed;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#reading);
    this.#socket.destroy();
  }
}

/** One client reads a kilobyte a second of an endless stream while another one has a gigabit a second of the same service. */
async function slowReader({ tell, seconds = 600 }: LoadOptions): Promise<void> {
  await using endless = await ReplicaProcess.start("endless", "pour");
  const iperf = await freePort();
  await using _ = new Server("iperf3", ["-s", "-p", `${iperf}`, "-B", "127.0.0.1"]);
  const port = await freePort();
  const replicas = [iperf, endless.port];
  const services = [{ app: "/both", port, options: { balance: "source" }, replicas }];
  await onLoadStage({ services, args: ["--health", "marathon"] }, async ({ proxy }) => {
    const { slow, fast } = await addressesAt(port);
    const run = ["-c", "127.0.0.1", "-B", fast, "-p", `${port}`, "-J", "-b", "1G", "-t"];
    const time = Math.max(2, Math.min(30, Math.round(seconds / 4)));
    const speed = async (): Promise<number> => {
      // A server that has not quite ended the run before is busy.
      await wait(1000);
      const report = await output("iperf3", [...run, `${time}`], time * 1000 + 60_000);
      return numberAt(report, "end", "sum_received", "bits_per_second") / 1e9;
    };
    await outputOnceReady("iperf3", [...run, "1"]);
    const alone = [await speed()];
    const before = residentMegabytes(proxy.pid);
    const beside: number[] = [];
    {
      using reader = new SlowReader(port, slow);
      const until = performance.now() + seconds * 1000;
      while (performance.now() < until) beside.push(await speed());
      tell(`it has read ${reader.read} bytes in ${seconds} s`);
      assert.equal(reader.isCutOff, false, `cut off after ${reader.read} bytes`);
    }
    const grown = residentMegabytes(proxy.pid) - before;
    alone.push(await speed());
    const median = beside.toSorted((one, other) => one - other)[beside.length >> 1] ?? 0;
    const quiet = alone.map((each) => each.toFixed(3)).join(" and ");
    tell(`${quiet} Gbit/s alone before and after, ${median.toFixed(3)} beside a reader of 1 KB/s`);
    tell(`${Math.round(grown)} MB more`);
    assert.ok(median >= 0.9 * Math.min(...alone), "the slow one holds up the fast one");
    assert.ok(grown < 64);
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
  {
    id: "T11",
    what: "a reader of 1 KB/s beside iperf3 on the same service, for 10 minutes",
    skip,
    run: slowReader,
  },
  { id: "U13", what: "50,000 datagrams a second of 200 bytes, for 60 s", skip, run: datagrams },
];
