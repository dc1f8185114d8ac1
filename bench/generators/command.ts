import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Cpus } from "../support/cpus.ts";
import { noteLaunch } from "../support/launches.ts";

const execute = promisify(execFile);

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cpus: Cpus;
  readonly withinMs: number;
}

/** Runs a program to its end beside the load, and gives what it printed; rejects when it fails or takes too long. */
export async function outputOf({ command, args, cpus, withinMs }: Command): Promise<string> {
  noteLaunch({ command, args });
  const pinned = cpus.rest === undefined ? [] : ["taskset", "-c", cpus.rest];
  const [program = command, ...rest] = [...pinned, command, ...args];
  const options = { timeout: withinMs, killSignal: "SIGKILL", encoding: "utf8" } as const;
  const { stdout, stderr } = await execute(program, rest, options);
  return `${stdout}${stderr}`;
}

/** A figure that a program printed; throws with all that it printed when it is not there. */
export function figureIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`no figure in what it printed: ${output.slice(-1000)}`);
  return Number(found);
}

/** How long a run may take that is to take so many seconds. */
export function limitMs(seconds: number): number {
  return (seconds + 20) * 1000;
}
