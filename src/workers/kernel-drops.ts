import { readFileSync } from "node:fs";
import { formatAddress } from "../model/address.ts";

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
  const local = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(fields[1] ?? "");
  const count = Number(fields.at(-1));
  if (local === null || !Number.isInteger(count)) return;
  const [, host = "", port = ""] = local;
  const address = formatAddress({ host: hostOf(host), port: Number.parseInt(port, 16) });
  drops.set(address, (drops.get(address) ?? 0) + count);
}

/** Each group of four bytes is written as one number of this machine's, so little endian wherever we run. */
function hostOf(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  bytes.swap32();
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(index * 2).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux: the kernel keeps the number to itself.
    return "";
  }
}
