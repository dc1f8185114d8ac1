import { formatAddress, isHost, isPort } from "../../model/address.ts";
import { printable } from "../../model/problem.ts";
import type { Replica } from "../../model/replica.ts";
import type { Protocol } from "../../model/service.ts";
import { parsePort, toWeight } from "../claims.ts";
import type { ProblemList } from "../problem-list.ts";
import type { SrvRecord } from "./answers.ts";

/** A name whose SRV records are the replicas of a service port. */
export interface SrvName {
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Reads `name=port`; the protocol is UDP when a label of the name is `_udp`, else TCP. Undefined for anything else. */
export function parseSrvName(text: string): SrvName | undefined {
  const [, name = "", digits = ""] = /^([^=]+)=(\d+)$/.exec(text) ?? [];
  const port = parsePort(digits);
  if (!isHost(name) || name.includes(":") || port === undefined) return undefined;
  const isUdp = name.toLowerCase().split(".").includes("_udp");
  return { name, port, protocol: isUdp ? "udp" : "tcp" };
}

const mostRecords = 10_000;

export interface Reading {
  /** Where a target is dialled: one of its addresses, or its name while it has none. */
  readonly addressOf: (target: string) => string;
  readonly problems: ProblemList;
}

/** The replicas of one name. Those of the lowest priority come first, and the others stand by in their order [rfc2782]. */
export function toReplicas(
  name: string,
  records: readonly SrvRecord[],
  { addressOf, problems }: Reading,
): readonly Replica[] {
  const usable = records.slice(0, mostRecords).filter((record) => isUsable(name, record, problems));
  const priorities = [...new Set(usable.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  const weights = new Map(
    [...Map.groupBy(usable, ({ priority }) => priority)].map(
      ([priority, siblings]) => [priority, siblings.map(({ weight }) => weight)] as const,
    ),
  );
  const replicas = usable.map(({ name: host, port, priority, weight }): Replica => {
    const standby = priorities.indexOf(priority);
    const replica: Replica = {
      task: `${name}/${formatAddress({ host, port })}`,
      host,
      address: { host: addressOf(host), port },
      weight: toWeight(weight, weights.get(priority) ?? []),
      health: "up",
      reason: standby === 0 ? "listed in DNS" : `stands by in DNS with priority ${priority}`,
      draining: false,
    };
    return standby === 0 ? replica : { ...replica, standby };
  });
  return [...new Map(replicas.map((replica) => [replica.task, replica])).values()];
}

function isUsable(name: string, { name: target, port }: SrvRecord, problems: ProblemList): boolean {
  // [rfc2782] A target of the root says that the service is decidedly not there.
  if (target === "" || target === ".") return false;
  if (isHost(target) && isPort(port)) return true;
  const reason = `its record ${printable(target, 60)}:${port} is no host and port: skipped`;
  problems.add({ kind: "invalid-item", subject: name, reason });
  return false;
}
