import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figures } from "./report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** As much of a configuration as tells what it is. */
const longest = 3000;

/** A proxy as it was started. */
interface Launch {
  /** Default: that of the command. */
  readonly name?: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Text of its configuration file; default none. */
  readonly config?: string;
}

/** What differs between two starts of the same is left out. */
const launches = new Map<string, { readonly name: string; readonly figures: Figures }>();

export function noteLaunch({ command, args, config, name = basename(command) }: Launch): void {
  const line = [
    basename(command),
    ...args.map((arg) => (arg.startsWith(root) ? relative(root, arg) : arg)),
  ];
  const figures = {
    command: lasting(line.join(" ")),
    ...(config === undefined ? {} : { config: shortened(lasting(config)) }),
  };
  launches.set(JSON.stringify(figures), { name, figures });
}

/** Every different one since the call before, by program and number. */
export function takeLaunches(): Figures {
  const counts = new Map<string, number>();
  const taken = [...launches.values()].map(({ name, figures }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return [count === 1 ? name : `${name}, ${count}`, figures] as const;
  });
  launches.clear();
  return Object.fromEntries(taken);
}

function lasting(text: string): string {
  return text
    .replaceAll(/(127(?:\.\d+){3}):\d+/g, "$1:<port>")
    .replaceAll(/(-port|-sf) \d+/g, "$1 <number>")
    .replaceAll(/\/\S*portolan-bench-[^/\s;]+/g, "<folder>");
}

function shortened(text: string): string {
  const more = text.length - longest;
  return more > 0 ? `${text.slice(0, longest)}… and ${more} characters more` : text;
}
