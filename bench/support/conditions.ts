import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem, type as systemName } from "node:os";
import type { Cpus } from "./cpus.ts";
import type { Program } from "./program.ts";

export interface ConditionsOptions {
  readonly cpus: Cpus;
  readonly program: Program;
  /** The command line of this run, after `npm run bench --`. */
  readonly flags: string;
}

/** By name, as they are printed. */
export type Conditions = Readonly<Record<string, string | number>>;

/** Everything a figure depends on and does not say itself. */
export function conditionsOf({ cpus: divided, program, flags }: ConditionsOptions): Conditions {
  const { proxy, rest } = divided;
  return {
    date: new Date().toISOString(),
    machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cpus, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${systemName()} ${release()}`,
    node: process.version,
    commit: commit(),
    program: named(program),
    flags: flags === "" ? "none" : flags,
    pinning: proxy === undefined ? "none" : `proxy on cpu ${proxy}, everything else on ${rest}`,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

function named({ isBuilt, isStale }: Program): string {
  if (!isBuilt) return "src/main.ts (not built)";
  return isStale ? "dist/main.js (built, OLDER THAN THE SOURCE)" : "dist/main.js (built)";
}

function commit(): string {
  try {
    const id = git("rev-parse", "--short=12", "HEAD");
    return git("status", "--porcelain", "--", "src") === "" ? id : `${id} with changes in src`;
  } catch {
    // Outside a checkout there is nothing to name.
    return "unknown";
  }
}

function git(...args: readonly string[]): string {
  // No optional locks: others may be at work in the same checkout.
  const all = ["--no-optional-locks", ...args];
  return execFileSync("git", all, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
