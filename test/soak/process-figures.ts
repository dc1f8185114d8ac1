import { readFileSync } from "node:fs";

/** Memory of a process that is in use, in MB. */
export function residentMegabytes(pid: number): number {
  return statusOf(pid, "VmRSS") / 1024;
}

/** The most memory it ever used, in MB. */
export function peakMegabytes(pid: number): number {
  return statusOf(pid, "VmHWM") / 1024;
}

/** Processor time it has used, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Descriptors a process of ours may have. */
export function descriptors(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}

function statusOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
}
