import { readFileSync } from "node:fs";
import { addressOf } from "./kernel-address.ts";

/**
 * Datagrams the kernel dropped for UDP sockets bound to one of these ports, by `host:port`; empty where it does not say
 * [proc_net: udp].
 */
export function readKernelDrops(ports: ReadonlySet<number>): ReadonlyMap<string, number> {
  const drops = new Map<string, number>();
  if (ports.size === 0) return drops;
  for (const path of ["/proc/net/udp", "/proc/net/udp6"]) {
    // There is a line for each session too, so only those asked for are taken apart.
    for (const [line, port = ""] of readTable(path).matchAll(
      /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) .*$/gm,
    )) {
      if (ports.has(Number.parseInt(port, 16))) addLine(drops, line);
    }
  }
  return drops;
}

/** Workers that share a port have a socket each; what they lost is one number. */
function addLine(drops: Map<string, number>, line: string): void {
  const fields = line.trim().split(/\s+/);
  const address = addressOf(fields[1] ?? "");
  const count = Number(fields.at(-1));
  if (address === undefined || !Number.isInteger(count)) return;
  drops.set(address, (drops.get(address) ?? 0) + count);
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux: the kernel keeps the number to itself.
    return "";
  }
}
