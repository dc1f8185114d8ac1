import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Which processors each side of a measurement may use, as `taskset -c` takes them; undefined leaves it to the kernel. */
export interface Cpus {
  /** For the proxy that is measured. */
  readonly proxy: string | undefined;
  /** For load, replicas and Marathon. */
  readonly rest: string | undefined;
}

export const unpinned: Cpus = { proxy: undefined, rest: undefined };

/** The first processor for the proxy and the others for everything else, where there are two and `taskset` is there. */
export function divideCpus(): Cpus {
  const [first, ...others] = allowedCpus();
  const canPin = spawnSync("taskset", ["--version"]).status === 0;
  if (!canPin || first === undefined || others.length === 0) return unpinned;
  return { proxy: String(first), rest: others.join(",") };
}

function allowedCpus(): number[] {
  const line = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const ranges = (line?.[1] ?? "").split(",").filter((range) => range !== "");
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
