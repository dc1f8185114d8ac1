import { randomInt } from "node:crypto";
import { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import type { MarathonOptions } from "../../src/demo/marathon/options.ts";
import { seeded } from "./faults/seeded.ts";

/** Of the Marathons of one test file, in the order in which they start; MARATHON_SEED plays the same again. */
let seed: number | undefined;

function chance(): () => number {
  if (seed === undefined) {
    const given = process.env["MARATHON_SEED"];
    seed = given === undefined ? randomInt(2 ** 31) : Number(given);
    console.log(`MARATHON_SEED=${seed}`);
  }
  const random = seeded(seed);
  seed += 1;
  return random;
}

/** An embedded Marathon for tests: fast heartbeats, nothing launched by itself, its chances by a seed that is printed. */
export function startMarathon(options: Partial<MarathonOptions> = {}): Promise<EmbeddedMarathon> {
  return EmbeddedMarathon.start({
    heartbeatMs: 1000,
    clock: Date.now,
    random: chance(),
    ...options,
  });
}

/** A host-networking app with one service port and a TCP health check. */
export function app(id: string, port: number): { id: string } & Record<string, unknown> {
  return {
    id,
    instances: 1,
    networks: [{ mode: "host" }],
    portDefinitions: [{ port, protocol: "tcp", labels: {} }],
    healthChecks: [{ protocol: "TCP", portIndex: 0 }],
  };
}

/** A healthy running task of `id` on a port of this host; returns its id. */
export function place(marathon: EmbeddedMarathon, id: string, port: number): string {
  return marathon.addTask(id, { host: "127.0.0.1", ports: [port], health: true }).id;
}
