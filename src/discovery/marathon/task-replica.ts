import { isHost } from "../../model/address.ts";
import { printable } from "../../model/problem.ts";
import type { Replica } from "../../model/replica.ts";
import { dialAddress } from "./addresses.ts";
import type { PortDeclaration } from "./ports.ts";
import type { ServiceCheck } from "./service-check.ts";
import { taskVerdict } from "./task-health.ts";
import type { WireTask } from "./wire.ts";

/** How one service port leads to a task. */
export interface Way {
  readonly port: PortDeclaration;
  readonly servicePort: number;
  readonly weight: number;
  readonly check: ServiceCheck;
  /** How many checks the task's version declares, if known. */
  readonly healthChecks: number | undefined;
}

/** A task as replica; a sentence when something is wrong with it; undefined when its absence is ordinary. */
export function toReplica(task: WireTask, way: Way): Replica | string | undefined {
  const verdict = taskVerdict(task, way.healthChecks);
  if (verdict === undefined) return undefined;
  const isExpected = verdict.health === "up" || verdict.draining;
  const name = printable(task.id, 100);
  if (!isHost(task.host)) {
    const isOrdinary = task.host === undefined && !isExpected;
    return isOrdinary ? undefined : `task ${name} has no valid host: left out`;
  }
  const address = dialAddress(task, way.port.reach);
  if (address === undefined) {
    const reason = `task ${name} has no address for service port ${way.servicePort}: left out`;
    return isExpected ? reason : undefined;
  }
  const replica = { task: task.id, host: task.host, address, weight: way.weight, ...verdict };
  return { ...replica, ...furtherOf(task, way, address.port) };
}

/** What is not said of every replica. */
function furtherOf(
  task: WireTask,
  { check }: Way,
  port: number,
): Pick<Replica, "agent" | "checkPort"> {
  const { agent } = task;
  const checkPort = check.portOf(task);
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(checkPort === undefined || checkPort === port ? {} : { checkPort }),
  };
}
