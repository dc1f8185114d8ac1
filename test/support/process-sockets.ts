import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One row of the kernel's tables of sockets, as a process sees them. */
export interface KernelSocket {
  readonly protocol: "tcp" | "udp";
  readonly state: "connected" | "listening" | "close-wait" | "fin-wait-2" | "other";
  readonly localPort: number;
  readonly remotePort: number;
  /** Somebody has a descriptor of it. */
  readonly isHeld: boolean;
  /** The process has. */
  readonly isOwn: boolean;
  /** Both ends, as the kernel writes them. */
  readonly ends: string;
}

const states: Readonly<Record<string, KernelSocket["state"]>> = {
  "01": "connected",
  "05": "fin-wait-2",
  // A UDP socket without a peer; no TCP socket that anybody holds is in this state.
  "07": "listening",
  "08": "close-wait",
  "0A": "listening",
};

/** What a process has open at one moment, and what is in the tables just afterwards; all empty where /proc does not exist. */
export interface OpenNow {
  readonly descriptors: number;
  /** Every TCP and UDP socket of the network that the process is in. */
  readonly sockets: readonly KernelSocket[];
}

/** Looks at a process, by default this one. */
export function lookAtProcess(pid = "self"): OpenNow {
  const links = linksOf(pid);
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const sockets = ["tcp", "tcp6", "udp", "udp6"].flatMap((name) => {
    const table = `/proc/${pid}/net/${name}`;
    if (!existsSync(table)) return [];
    const protocol = name.startsWith("tcp") ? "tcp" : "udp";
    const lines = readFileSync(table, "utf8").trimEnd().split("\n").slice(1);
    return lines.map((line) => readRow(protocol, line, inodes));
  });
  return { descriptors: links.length, sockets };
}

/** True when this process and that one see the same network. */
export function sharesNetwork(pid: number): boolean {
  const [own, other] = ["/proc/self/ns/net", `/proc/${pid}/ns/net`];
  return existsSync(other) && readlinkSync(own) === readlinkSync(other);
}

function readRow(
  protocol: KernelSocket["protocol"],
  line: string,
  inodes: ReadonlySet<string>,
): KernelSocket {
  const [, local = "", remote = "", state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
  return {
    protocol,
    state: states[state] ?? "other",
    localPort: portOf(local),
    remotePort: portOf(remote),
    isHeld: inode !== "0",
    isOwn: inodes.has(inode),
    ends: `${local} to ${remote}`,
  };
}

function portOf(end: string): number {
  return Number.parseInt(end.slice(end.indexOf(":") + 1), 16);
}

/** What each descriptor of a process stands for. */
function linksOf(pid: string): string[] {
  if (!existsSync(`/proc/${pid}/fd`)) return [];
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${descriptor}`)];
    } catch {
      // Closed since it was listed, as the one of the listing itself always is.
      return [];
    }
  });
}
