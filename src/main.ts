#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { parseArgs } from "./cli/arguments.ts";
import type { DemoOptions } from "./cli/commands.ts";
import { hasSource, readConfig } from "./config/read-config.ts";
import type { Config } from "./config/settings.ts";
import type { Flags } from "./config/settle.ts";
import { createLogger, type ProgramLogger } from "./observe/logger.ts";
import { startProxy, type RunningProxy } from "./proxy.ts";

const failure = 1;
const badConfiguration = 78;

const version = readVersion();
// oxlint-disable-next-line no-restricted-properties -- the edge where time and chance enter the program
const edge = { clock: Date.now, random: Math.random } as const;

process.exitCode = await main(process.argv.slice(2));
// Whatever still holds the process, such as a log reader that has stalled, has had its time.
setTimeout(() => process.exit(), 1000).unref();

async function main(argv: readonly string[]): Promise<number> {
  const asked = parseArgs(argv, { version, columns: process.stdout.columns ?? 80 });
  switch (asked.kind) {
    case "text":
      process.stdout.write(`${asked.text}\n`);
      return asked.exitCode;
    case "usage":
      process.stderr.write(`${asked.message}\n`);
      return asked.exitCode;
    case "run":
      return await withConfig(asked.flags, true, run);
    case "demo":
      return await withConfig(asked.flags, false, (config) => demo(config, asked.options));
    case "start":
      return await withConfig(asked.flags, false, (config) =>
        hasSource(config) ? run(config, []) : demo(config, asked.options),
      );
  }
}

type Command = (config: Config, warnings: readonly string[]) => Promise<number>;

async function withConfig(flags: Flags, needsSource: boolean, command: Command): Promise<number> {
  const read = readConfig({ flags, env: process.env, readFile, needsSource });
  if (read.kind === "config") return await command(read.config, read.warnings);
  process.stderr.write(`${read.problems.join("\n")}\n`);
  return badConfiguration;
}

function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

/** Runs the proxy until a signal ends it. */
async function run(config: Config, warnings: readonly string[]): Promise<number> {
  await using logger = createLogger({ level: config.logLevel, format: config.logFormat });
  for (const warning of warnings) logger.warn(warning);
  return await serve(config, logger, () => Promise.resolve());
}

/** Runs the proxy in front of a Marathon and replicas of its own; loaded only when asked for, as hosts never need it. */
async function demo(config: Config, { script }: DemoOptions): Promise<number> {
  const { Stage } = await import("./demo/stage.ts");
  const { logFormat, logLevel, statusEndpoint, origins } = config;
  const out = process.stdout.isTTY && logFormat !== "json" ? process.stdout : undefined;
  using picture = Stage.picture(out);
  await using logger = createLogger({
    level: logLevel,
    format: logFormat === "auto" ? "text" : logFormat,
    ...(picture === undefined ? {} : { destination: picture.log }),
  });
  const say = (line: string): void => logger.info(line);
  await using stage = await Stage.open({ version, script, picture, say, ...edge });
  const usual = origins.statusEndpoint.kind === "default" ? statusEndpoint : undefined;
  const status = usual === undefined ? statusEndpoint : await stage.statusEndpoint(usual.port);
  const shown = { ...config, marathon: stage.marathon, statusEndpoint: status };
  return await serve(shown, logger, (proxy, signal) => stage.watch(proxy, signal));
}

type Meanwhile = (proxy: RunningProxy, signal: AbortSignal) => Promise<void>;

/** Serves until the first signal, drains, and ends; whatever else runs meanwhile ends first. */
async function serve(config: Config, logger: ProgramLogger, meanwhile: Meanwhile): Promise<number> {
  const stop = listenForSignals();
  try {
    await using proxy = await startProxy({
      config,
      version,
      logger,
      logLinesDropped: () => logger.dropped(),
      ...edge,
    });
    const { statusAddress } = proxy;
    logger.info("started", { version, status: statusAddress ?? "none", workers: config.workers });
    process.on("SIGHUP", () => proxy.resync());
    process.on("SIGUSR2", () =>
      logger.setLevel(logger.level === "debug" ? config.logLevel : "debug"),
    );
    const asides = meanwhile(proxy, stop).catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
    await Promise.race([aborted(stop), proxy.failed, asides.then(() => aborted(stop))]);
    await asides;
    await proxy.drain();
    logger.info("stopped");
    return 0;
  } catch (error) {
    logger.error(error instanceof Error ? error.message : String(error), { error });
    return failure;
  }
}

/** Aborts at the first SIGTERM or SIGINT; the second one ends the process now. */
function listenForSignals(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(0);
    stop.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return stop.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  const known = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return known && typeof manifest.version === "string" ? manifest.version : "unknown";
}
