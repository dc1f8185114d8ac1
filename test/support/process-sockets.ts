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

/** How many descriptors a process has, where /proc exists; else 0. */
export function countDescriptors(pid = "self"): number {
  return existsSync(`/proc/${pid}/fd`) ? readdirSync(`/proc/${pid}/fd`).length : 0;
}

/** Every TCP and UDP socket of the network that a process is in, where /proc exists. */
export function socketsAround(pid = "self"): KernelSocket[] {
  const inodes = inodesOf(pid);
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((name) => {
    const table = `/proc/${pid}/net/${name}`;
    if (!existsSync(table)) return [];
    const protocol = name.startsWith("tcp") ? "tcp" : "udp";
    const lines = readFileSync(table, "utf8").trimEnd().split("\n").slice(1);
    return lines.map((line) => readRow(protocol, line, inodes));
  });
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

function inodesOf(pid: string): Set<string> {
  const inodes = new Set<string>();
  if (!existsSync(`/proc/${pid}/fd`)) return inodes;
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed since it was listed, as the one of the listing itself always is.
    }
  }
  return inodes;
}
