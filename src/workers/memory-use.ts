import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { MemoryUse } from "../model/memory.ts";

/** Where one version of control groups tells what a group may have and has [kernel: cgroup-v1/memory, cgroup-v2]. */
interface Hierarchy {
  readonly folder: string;
  readonly limit: string;
  readonly usage: string;
  /** Lines of `memory.stat` for what the kernel takes back before it kills anybody: a cache normally fills up to the limit. */
  readonly reclaimable: readonly string[];
}

const second: Hierarchy = {
  folder: "sys/fs/cgroup",
  limit: "memory.max",
  usage: "memory.current",
  reclaimable: ["active_file", "inactive_file", "slab_reclaimable"],
};

const first: Hierarchy = {
  folder: "sys/fs/cgroup/memory",
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
  reclaimable: ["total_active_file", "total_inactive_file"],
};

/**
 * What the control group of this process, or the nearest one above it that has a limit, may have; undefined where none
 * has one. What others use in a larger group is not ours to shed. `root` is the root of the file system.
 */
export function readMemoryUse(root: string = "/"): MemoryUse | undefined {
  const own = groupOf(read(join(root, "proc/self/cgroup")));
  if (own === undefined) return undefined;
  const { hierarchy, path } = own;
  for (const group of withParents(path)) {
    const use = useOf(join(root, hierarchy.folder, group), hierarchy);
    if (use !== undefined) return use;
  }
  return undefined;
}

/** Up to so much memory for all, in bytes, it is worth some speed to take less. */
const littleMemory = 512 * 1024 * 1024;

/** True where the process may have little. */
export function isMemoryLittle(use: MemoryUse | undefined = readMemoryUse()): boolean {
  return use !== undefined && use.limit < littleMemory;
}

/** The group that accounts for memory: of version 1 where that has the controller, else of version 2. */
function groupOf(
  groups: string,
): { readonly hierarchy: Hierarchy; readonly path: string } | undefined {
  const ofFirst = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  if (ofFirst !== undefined) return { hierarchy: first, path: ofFirst };
  const ofSecond = /^0::(.*)$/m.exec(groups)?.[1];
  return ofSecond === undefined ? undefined : { hierarchy: second, path: ofSecond };
}

/** `/a/b` → `/a/b`, `/a`, `/`: inside a container only the last may be there, and then it is the container's own. */
function withParents(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, gone) => {
    return `/${parts.slice(0, parts.length - gone).join("/")}`;
  });
}

/** Undefined for a group without a limit, or with one that this host does not have. */
function useOf(folder: string, hierarchy: Hierarchy): MemoryUse | undefined {
  const limit = Number(read(join(folder, hierarchy.limit)).trim() || Number.NaN);
  if (!(limit > 0) || limit > totalmem()) return undefined;
  const usage = Number(read(join(folder, hierarchy.usage)));
  const lines = read(join(folder, "memory.stat"))
    .split("\n")
    .map((line) => line.split(" "));
  const reclaimable = lines
    .filter(([name = ""]) => hierarchy.reclaimable.includes(name))
    .reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  return { limit, used: Math.max(0, usage - reclaimable) };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux, or not in this group: there is nothing to tell.
    return "";
  }
}
