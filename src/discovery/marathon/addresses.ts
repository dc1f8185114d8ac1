import { isHost, isPort, type Address } from "../../model/address.ts";
import type { Reach } from "./ports.ts";
import type { WireTask } from "./wire.ts";

/**
 * Where to dial a task for one declared port, by Marathon's own rule; undefined while it cannot be reached there.
 * [marathon: PortAssignment] The host may be a name.
 */
export function dialAddress(task: WireTask, reach: Reach): Address | undefined {
  if (reach.kind === "container") return containerAddress(task, reach.containerPort);
  // Some fakes and third-party APIs list no host ports at all for a container network: its own address still works.
  if (task.ports.length === 0) return containerAddress(task, reach.containerPort);
  return checked(task.host, task.ports[reach.index]);
}

function containerAddress(task: WireTask, port: number | undefined): Address | undefined {
  // Addresses carry no network name, so only the first one is safe to assume.
  return checked(task.ipAddresses[0], port);
}

function checked(host: string | undefined, port: number | undefined): Address | undefined {
  return isHost(host) && isPort(port) ? { host, port } : undefined;
}
