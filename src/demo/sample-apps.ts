import type { SampleKind } from "./sample-executor.ts";

/** One app of the demo. */
export interface SampleApp {
  readonly id: string;
  readonly kind: SampleKind;
  /** The service port it would like. */
  readonly port: number;
  readonly instances: number;
  /** A command line that shows it at work; `PORT` stands for the port it got. */
  readonly tryIt: string;
}

export const sampleApps: readonly SampleApp[] = [
  {
    id: "/demo/web",
    kind: "web",
    port: 10_001,
    instances: 3,
    tryIt: "curl http://localhost:PORT/",
  },
  {
    id: "/demo/echo",
    kind: "echo",
    port: 10_002,
    instances: 2,
    tryIt: "echo ahoy | nc -w 1 localhost PORT",
  },
  {
    id: "/demo/kv",
    kind: "kv",
    port: 10_003,
    instances: 2,
    tryIt: "printf 'PING\\r\\n' | nc -w 1 localhost PORT",
  },
  {
    id: "/demo/datagrams",
    kind: "datagrams",
    port: 10_004,
    instances: 2,
    tryIt: "echo ahoy | nc -u -w 1 localhost PORT",
  },
];

/** What is posted to Marathon for an app, on the port it got. */
export function toDefinition(
  app: SampleApp,
  port: number,
): Record<string, unknown> & { id: string } {
  const isUdp = app.kind === "datagrams";
  return {
    id: app.id,
    instances: app.instances,
    cmd: `sample ${app.kind}`,
    cpus: 0.1,
    mem: 32,
    networks: [{ mode: "host" }],
    portDefinitions: [{ port, protocol: isUdp ? "udp" : "tcp", name: "main", labels: {} }],
    // Marathon has no check for datagrams: what to send is said to the proxy, by labels.
    ...(isUdp ? {} : { healthChecks: [tcpCheck] }),
    labels: { sample: app.kind, ...(isUdp ? udpCheck : {}) },
  };
}

const tcpCheck = { protocol: "TCP", portIndex: 0, gracePeriodSeconds: 5, intervalSeconds: 5 };
const udpCheck = { "portolan.0.check": "udp", "portolan.0.check-send": "are you there?" };
