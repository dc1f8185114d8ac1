import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Bytes on the heap for one of what was counted. */
export interface Allocated {
  /** In functions of `src/` themselves. */
  readonly own: number;
  /** In these and in what they make Node do. */
  readonly all: number;
  /** The own ones by function. */
  readonly functions: Readonly<Record<string, number>>;
}

export interface AllocationCounts {
  /** With one exchange on it. */
  readonly connection: Allocated;
  readonly exchange: Allocated;
  /** A GET in HTTP mode on a lasting connection. */
  readonly request: Allocated;
  /** Bytes of a connection in HTTP mode that small collections kept, though it was over; of many that came one by one. */
  readonly survivors: number;
}

/** What compilers leave out, and what is compiled again, depends on when; so code allocates as it is written. */
const flags = ["--no-opt", "--no-maglev", "--no-sparkplug", "--no-flush-bytecode", "--expose-gc"];

/** Counts what an engine in a process of its own allocates. */
export async function countAllocations(): Promise<AllocationCounts> {
  const program = new URL("allocation-child.ts", import.meta.url).pathname;
  // Without what the tests run with: collecting coverage, for one, allocates.
  const { PATH = "" } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], {
    env: { PATH },
  });
  const counts: AllocationCounts = JSON.parse(stdout);
  return counts;
}
