import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Memory of a process that is in use, in MB. */
export function residentMegabytes(pid: number): number {
  return statusOf(pid, "VmRSS") / 1024;
}

/** The most memory it ever used, in MB. */
export function peakMegabytes(pid: number): number {
  return statusOf(pid, "VmHWM") / 1024;
}

/** The most memory it ever used is counted anew from now on. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Processor time it has used, in seconds. */
export function cpuSeconds(pid: number): number {
  return timeIn(`/proc/${pid}/stat`);
}

/** Processor time that one thread of it has used, in seconds; the one with the number of the process is the first. */
export function threadCpuSeconds(pid: number, thread: number): number {
  return timeIn(`/proc/${pid}/task/${thread}/stat`);
}

/** Descriptors a process has. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Lets this process, and those that it starts, have so many descriptors where that may be asked for. */
export function allowDescriptors(count: number): void {
  if (descriptors() >= count) return;
  spawnSync("prlimit", ["--pid", `${process.pid}`, `--nofile=${count}:${count}`]);
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

function timeIn(stat: string): number {
  const fields = readFileSync(stat, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
