import { findExternal } from "../contenders/external.ts";
import { accepts, freePort } from "../support/ports.ts";
import { Spawned } from "../support/spawned.ts";
import { until } from "../support/until.ts";
import { limitMs, outputOf } from "./command.ts";
import type { Generator, OwnReplica } from "./generator.ts";
import type { Cpus } from "../support/cpus.ts";

/** Which way the bytes go, by the flag that says so. */
const flags = { up: [], down: ["-R"], both: ["--bidir"] } as const;

/** What of its report is looked at. */
interface IperfReport {
  readonly error?: string;
  readonly end: Readonly<Record<string, { readonly bytes?: number }>>;
}

const mebibyte = 1024 * 1024;

/** iperf3 with four streams. Its unit is a MiB, of both ways together. */
export function iperf3(direction: keyof typeof flags): Generator {
  return {
    name: "iperf3",
    find: () => findExternal("iperf3", ["-v"]),
    openReplica,
    async run({ target: { host, port }, seconds, cpus }) {
      const where = ["-c", host, "-p", String(port), "-t", String(seconds), "-P", "4"];
      const args = [...where, "-J", "-i", "0", ...flags[direction]];
      const command = { command: "iperf3", args, cpus, withinMs: limitMs(seconds) };
      const report: IperfReport = JSON.parse(await outputOf(command));
      if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
      const { sum_received: one, sum_received_bidir_reverse: other } = report.end;
      return ((one?.bytes ?? 0) + (other?.bytes ?? 0)) / mebibyte;
    },
  };
}

async function openReplica(cpus: Cpus): Promise<OwnReplica> {
  const address = { host: "127.0.0.1", port: await freePort() };
  const args = ["-s", "-B", address.host, "-p", String(address.port)];
  const server = new Spawned({ command: "iperf3", args, cpus: cpus.rest });
  await server.whileAlive(until(() => accepts(address), { what: "iperf3 serves" }));
  return { address, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
