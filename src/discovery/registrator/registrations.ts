import { parseAddress } from "../../model/address.ts";
import { printable } from "../../model/problem.ts";
import { defaultWeight } from "../../model/replica.ts";
import type { Protocol } from "../../model/service.ts";
import { gatherServices, isAppName, parsePort, type Claim } from "../claims.ts";
import { nothingSaid } from "../labels/read-labels.ts";
import { ProblemList } from "../problem-list.ts";
import type { SourceState } from "../source.ts";

/** One key below the prefix, as any version of etcd has it. */
export interface Leaf {
  /** Relative to the prefix, without a slash at its beginning. */
  readonly key: string;
  readonly value: string;
  /** The store's own count of changes when it was made. */
  readonly madeAt: number;
}

/** The services that registrator's keys stand for; a key that is none of its own is skipped and reported. */
export function toState(
  leaves: readonly Leaf[],
  source: string,
): Omit<SourceState, "confirmedGone"> {
  const problems = new ProblemList(source);
  const claims: Claim[] = [];
  for (const leaf of leaves) {
    const claim = toClaim(leaf);
    if (typeof claim !== "string") claims.push(claim);
    else {
      const reason = `key ${printable(leaf.key, 120)}: ${claim}: skipped`;
      problems.add({ kind: "invalid-item", reason });
    }
  }
  claims.sort((a, b) => a.madeAt - b.madeAt);
  return {
    services: gatherServices(claims, source),
    problems: problems.list(),
  };
}

/** The replica a key and its `ip:port` stand for; a sentence when they stand for none. */
function toClaim({ key, value, madeAt }: Leaf): Claim | string {
  const parts = partsOf(key);
  if (parts === undefined) return "is not <name>/<host>:<container>:<port>[:udp]";
  const { app, port, protocol, host } = parts;
  if (!isAppName(app)) return "has no usable service name";
  if (port === undefined) return "has no port from 1 to 65535";
  if (!isProtocol(protocol)) return "has a protocol that is neither tcp nor udp";
  const address = parseAddress(value);
  if (address === undefined) return `its value ${printable(value, 60)} is no ip:port`;
  const told = { health: "up", reason: "registered", draining: false } as const;
  const replica = { task: key, host, address, weight: defaultWeight, ...told };
  return { app, port, protocol, reading: nothingSaid, madeAt, replica };
}

interface Parts {
  readonly app: string;
  readonly port: number | undefined;
  readonly protocol: string;
  readonly host: string;
}

/**
 * [registrator: backends] `<name>/<host>:<container>:<exposed port>[:udp]`; [proxymatic] a suffix `.@NNNN` of the name
 * is the port to listen on, in place of the exposed one.
 */
function partsOf(key: string): Parts | undefined {
  const match = /^([^/]+)\/([^/:]+):[^/:]+:(\d+)(?::(\w+))?$/.exec(key);
  if (match === null) return undefined;
  const [, folder = "", host = "", exposed = "", protocol = "tcp"] = match;
  const [, name = folder, port = exposed] = /^(.*)\.@(\d+)$/.exec(folder) ?? [];
  return { app: name, port: parsePort(port), protocol, host };
}

function isProtocol(text: string): text is Protocol {
  return text === "tcp" || text === "udp";
}
