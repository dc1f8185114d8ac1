import { EmbeddedMarathon } from "../../src/demo/marathon/marathon.ts";
import type { MarathonOptions } from "../../src/demo/marathon/options.ts";

/** An embedded Marathon for tests: fast heartbeats, nothing launched by itself. */
export function startMarathon(options: Partial<MarathonOptions> = {}): Promise<EmbeddedMarathon> {
  return EmbeddedMarathon.start({
    heartbeatMs: 1000,
    clock: Date.now,
    random: Math.random,
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
