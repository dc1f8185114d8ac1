import type { Protocol } from "../../src/model/service.ts";
import { findExternal } from "../contenders/external.ts";
import type { Cpus } from "../support/cpus.ts";
import { freePort } from "../support/ports.ts";
import { isBound } from "../support/proc.ts";
import { Spawned } from "../support/spawned.ts";
import { until } from "../support/until.ts";
import { figureIn, limitMs, outputOf } from "./command.ts";
import type { Generator, OwnReplica } from "./generator.ts";

/** sockperf's ping-pong with 200 bytes: one client, one message at a time. Its unit is a round trip. */
export function sockperf(protocol: Protocol): Generator {
  const how = protocol === "tcp" ? ["--tcp"] : [];
  return {
    name: "sockperf",
    find: () => findExternal("sockperf", ["--version"]),
    openReplica: (cpus) => openReplica(cpus, protocol, how),
    async run({ target: { host, port }, seconds, cpus }) {
      const where = ["-i", host, "-p", String(port), "-t", String(seconds), "-m", "200"];
      const args = ["ping-pong", ...how, ...where, "--full-rtt"];
      const command = { command: "sockperf", args, cpus, withinMs: limitMs(seconds) };
      return figureIn(await outputOf(command), /\[Total Run\].*ReceivedMessages=(\d+)/);
    },
  };
}

async function openReplica(
  cpus: Cpus,
  protocol: Protocol,
  how: readonly string[],
): Promise<OwnReplica> {
  const address = { host: "127.0.0.1", port: await freePort() };
  const args = ["server", ...how, "-i", address.host, "-p", String(address.port)];
  const server = new Spawned({ command: "sockperf", args, cpus: cpus.rest });
  await server.whileAlive(until(() => isBound(address, protocol), { what: "sockperf serves" }));
  return { address, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
