import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import type { Address } from "../../src/model/address.ts";
import type { Protocol } from "../../src/model/service.ts";

/** What processes have used so far, together. */
export interface Usage {
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** What one thread has used so far. */
export interface ThreadUsage {
  readonly id: number;
  readonly name: string;
  readonly cpuMs: number;
}

/** CPU time to the nanosecond and present memory, of all threads of these processes. */
export function usageOf(pids: readonly number[]): Usage {
  const threads = pids.flatMap((pid) => threadsOf(pid));
  return {
    cpuMs: threads.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    residentBytes: pids.reduce((sum, pid) => sum + statusBytes(pid, "VmRSS"), 0),
  };
}

/** The threads of a process; the main thread has the id of the process. */
export function threadsOf(pid: number): ThreadUsage[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    try {
      const [ran = ""] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ");
      const name = readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8").trim();
      return [{ id: Number(id), name, cpuMs: Number(ran) / 1e6 }];
    } catch {
      // The thread has ended since it was listed; what it used is lost, and it was not the proxy's work.
      return [];
    }
  });
}

export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** The most memory it ever had. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** Files that a process which is started now may open. */
export function openFileLimit(): number {
  const line = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  const hard = line?.[1] ?? "unlimited";
  return hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
}

/** True when a socket has this IPv4 address as its own: over TCP one that listens. */
export function isBound(address: Address, protocol: Protocol): boolean {
  if (protocol === "tcp") return listeningInode(address) !== undefined;
  const wanted = kernelAddress(address);
  const lines = readFileSync("/proc/net/udp", "utf8").split("\n");
  return lines.some((line) => line.trim().split(/\s+/)[1] === wanted);
}

/** The inode of the socket that listens at an IPv4 address; undefined when none does. */
export function listeningInode(address: Address): string | undefined {
  const wanted = kernelAddress(address);
  for (const line of linesOf("/proc/net/tcp")) {
    const [number, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (number === "sl") continue;
    // [linux: tcp_ipv4.c] Those that listen come first; behind them there may be tens of thousands that are closed.
    if (state !== "0A") return undefined;
    if (local === wanted) return inode;
  }
  return undefined;
}

/** Read no further than they are asked for: the kernel makes them as they are read. */
function* linesOf(path: string): Generator<string, void, void> {
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(16 * 1024);
    let held = "";
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) {
      const lines = `${held}${chunk.toString("latin1", 0, bytes)}`.split("\n");
      held = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}

function kernelAddress({ host, port }: Address): string {
  return `${hexOf(host)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The kernel shows an address as one word in the byte order of the machine, which is little-endian wherever we run. */
function hexOf(host: string): string {
  const bytes = host.split(".").map(Number).toReversed();
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const match = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status);
  return Number(match?.[1] ?? 0) * 1024;
}
