import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../../src/model/address.ts";
import { noteLaunch } from "../support/launches.ts";
import { freePort } from "../support/ports.ts";
import { isBound } from "../support/proc.ts";
import { Spawned } from "../support/spawned.ts";
import { until } from "../support/until.ts";
import type { Availability, Running, Setup } from "./contender.ts";

/** How a program of somebody else is started. */
export interface External {
  readonly command: string;
  /** Text of its configuration file; default none. */
  readonly configure?: (listen: Address, setup: Setup, folder: string) => string;
  readonly args: (listen: Address, setup: Setup, file: string) => readonly string[];
}

/** Its version, from the first line that has the word; or that it is not installed. */
export function findExternal(command: string, versionArgs: readonly string[]): Availability {
  const { status, stdout, stderr, error } = spawnSync(command, versionArgs, { encoding: "utf8" });
  if (error !== undefined) return { kind: "missing", reason: `${command} is not installed` };
  const said = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim());
  const version = said.find((line) => /\d+\.\d+/.test(line));
  return version === undefined || status === null
    ? { kind: "missing", reason: `${command} does not tell its version` }
    : { kind: "found", version: version.slice(0, 80) };
}

/** Starts it in the foreground on a free port, with its files in a folder that goes when it ends. */
export async function startExternal(external: External, setup: Setup): Promise<Running> {
  await using owned = new AsyncDisposableStack();
  const folder = owned.adopt(mkdtempSync(join(tmpdir(), "portolan-bench-")), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const address = { host: "127.0.0.1", port: await freePort() };
  const file = join(folder, "config");
  const { command, configure } = external;
  const config = configure?.(address, setup, folder);
  if (config !== undefined) writeFileSync(file, config);
  const args = external.args(address, setup, file);
  noteLaunch({ command, args, ...(config === undefined ? {} : { config }) });
  const options = { command, args, cpus: setup.cpus.proxy };
  const process = owned.use(new Spawned(options));
  const what = `${command} serves`;
  await process.whileAlive(until(() => isBound(address, setup.protocol), { what }));
  const life = owned.move();
  return {
    address,
    pids: [process.pid],
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}
