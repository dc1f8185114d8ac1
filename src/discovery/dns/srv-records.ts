import type { SrvRecord } from "node:dns";

import { formatAddress, isHost, isPort } from "../../model/address.ts";
import { printable } from "../../model/problem.ts";
import type { Replica } from "../../model/replica.ts";
import type { Protocol } from "../../model/service.ts";
import { parsePort, toWeight } from "../claims.ts";
import type { ProblemList } from "../problem-list.ts";

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

/**
 * The replicas of one name. Only those of the lowest priority take connections; the others are there with weight 0,
 * since no single client can know that all before them are unreachable [rfc2782].
 */
export function toReplicas(
  name: string,
  records: readonly SrvRecord[],
  problems: ProblemList,
): readonly Replica[] {
  const usable = records.slice(0, mostRecords).filter((record) => isUsable(name, record, problems));
  const lowest = Math.min(...new Set(usable.map(({ priority }) => priority)));
  const shares = usable.filter(({ priority }) => priority === lowest).map(({ weight }) => weight);
  const replicas = usable.map((record): Replica => {
    const address = { host: record.name, port: record.port };
    const isFirst = record.priority === lowest;
    return {
      task: `${name}/${formatAddress(address)}`,
      host: record.name,
      address,
      weight: isFirst ? toWeight(record.weight, shares) : 0,
      health: "up",
      reason: isFirst ? "listed in DNS" : `priority ${record.priority} stands by`,
      draining: false,
    };
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
