import { parseAddress } from "../../src/model/address.ts";
import type { Replica } from "../../src/model/replica.ts";
import type { Service } from "../../src/model/service.ts";

/** A healthy replica at `address`; its task is named after it unless told otherwise. */
export function replica(address: string, over: Partial<Replica> = {}): Replica {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`bad address ${address}`);
  return {
    task: `task-${address}`,
    host: parsed.host,
    address: parsed,
    weight: 500,
    health: "up",
    reason: "running",
    draining: false,
    ...over,
  };
}

/** A TCP service of `app` on `port`. */
export function service(app: string, port: number, over: Partial<Service> = {}): Service {
  return {
    app,
    name: app.slice(1).replaceAll("/", "."),
    port,
    protocol: "tcp",
    mode: "tcp",
    source: "test",
    configuredAt: 0,
    policy: {},
    check: {},
    hosts: undefined,
    merges: false,
    replicas: [],
    ...over,
  };
}
