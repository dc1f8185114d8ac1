import { readFileSync } from "node:fs";
import { parseArgs, type Arguments } from "./cli/arguments.ts";
import type { DemoOptions, Question } from "./cli/commands.ts";
import { completionWords } from "./cli/completion-words.ts";
import { hasSource, readConfig, type ReadConfig } from "./config/read-config.ts";
import type { Config } from "./config/settings.ts";
import type { Flags } from "./config/settle.ts";
import { answer } from "./console/answer.ts";
import { checkText } from "./console/check-text.ts";
import { completionScript } from "./console/completion.ts";
import { top } from "./console/top/top.ts";
import type { LogLevel } from "./model/logger.ts";
import { createLogger, type ProgramLogger } from "./observe/logger.ts";
import { dryRun } from "./wiring/dry-run.ts";
import { earlySignals } from "./wiring/early-signals.ts";
import { Reload } from "./wiring/reload.ts";
import { startProxy, type RunningProxy } from "./proxy.ts";

const failure = 1;
const badConfiguration = 78;
/** What is asked for when the process is to serve until a signal ends it. */
const serving: ReadonlySet<string> = new Set(["run", "demo", "start"]);
const terminalWidth = process.stdout.columns ?? 80;

const { version = "unknown", gitHead: revision } = readManifest();
// oxlint-disable-next-line no-restricted-properties -- the edge where time and chance enter the program
const edge = { clock: Date.now, random: Math.random } as const;

/** Does what the command line asks for; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const asked = parseArgs(argv, { version, columns: terminalWidth });
  if (!serving.has(asked.kind)) earlySignals.release();
  return await obey(asked);
}

async function obey(asked: Arguments): Promise<number> {
  switch (asked.kind) {
    case "text":
      process.stdout.write(`${asked.text}\n`);
      return asked.exitCode;
    case "usage":
      process.stderr.write(`${asked.message}\n`);
      return asked.exitCode;
    case "ask":
      return await withConfig(asked.flags, false, ({ config }) => consult(config, asked.question));
    case "top":
      return await withConfig(asked.flags, false, ({ config }) => showTop(config));
    case "completion":
      process.stdout.write(completionScript(asked.shell, completionWords()));
      return 0;
    case "check":
      return await withConfig(asked.flags, true, (given) => check(given, asked.json));
    case "run":
      return await withConfig(asked.flags, true, run);
    case "demo":
      return await withConfig(asked.flags, false, (given) => demo(given, asked.options));
    case "start":
      return await withConfig(asked.flags, false, (given) =>
        hasSource(given.config) ? run({ ...given, warnings: [] }) : demo(given, asked.options),
      );
  }
}

interface Given {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** Reads it all once more. */
  readonly reread: () => ReadConfig;
}

type Command = (given: Given) => Promise<number>;

async function withConfig(flags: Flags, needsSource: boolean, command: Command): Promise<number> {
  const reread = (): ReadConfig => readConfig({ flags, env: process.env, readFile, needsSource });
  const read = reread();
  if (read.kind === "config") return await command({ ...read, reread });
  process.stderr.write(`${read.problems.join("\n")}\n`);
  return badConfiguration;
}

function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

/** Asks a portolan that runs, and prints what it says. */
function consult(config: Config, question: Question): Promise<number> {
  return atStatusPort(config, async (statusEndpoint) => {
    const { text, isGood } = await answer(question, statusEndpoint, edge.clock());
    (isGood ? process.stdout : process.stderr).write(`${text}\n`);
    return isGood ? 0 : failure;
  });
}

/** Shows a portolan that runs until the reader has seen enough. */
function showTop(config: Config): Promise<number> {
  return atStatusPort(config, async (statusEndpoint) => {
    const hangup = new AbortController();
    process.once("SIGHUP", () => hangup.abort());
    const stop = AbortSignal.any([listenForSignals(), hangup.signal]);
    await top(statusEndpoint, { input: process.stdin, output: process.stdout }, stop);
    return 0;
  });
}

async function atStatusPort(
  { statusEndpoint }: Config,
  work: (endpoint: NonNullable<Config["statusEndpoint"]>) => Promise<number>,
): Promise<number> {
  if (statusEndpoint === undefined) {
    process.stderr.write("there is no status port to ask; --status-endpoint says where it is\n");
    return failure;
  }
  try {
    return await work(statusEndpoint);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return failure;
  }
}

/** Shows what would be served; 0 when there is nothing to complain of. */
async function check({ config, warnings }: Given, json: boolean): Promise<number> {
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const { table, problems } = await dryRun({ config, logger: silent, ...edge });
  const text = json
    ? JSON.stringify({ services: table?.routes ?? [], problems, warnings }, undefined, 2)
    : [...warnings, checkText(table?.routes, problems)].join("\n");
  process.stdout.write(`${text}\n`);
  return problems.length === 0 ? 0 : failure;
}

/** Runs the proxy until a signal ends it. */
async function run(given: Given): Promise<number> {
  const { config, warnings } = given;
  await using logger = createLogger({ level: config.logLevel, format: config.logFormat });
  for (const warning of warnings) logger.warn(warning);
  return await serve(given, logger, () => Promise.resolve());
}

/** Runs the proxy in front of a Marathon and replicas of its own; loaded only when asked for, as hosts never need it. */
async function demo({ config, ...given }: Given, { script }: DemoOptions): Promise<number> {
  const { Stage } = await import("./demo/stage.ts");
  const { logFormat, logLevel, statusEndpoint, origins } = config;
  const out = process.stdout.isTTY && logFormat !== "json" ? process.stdout : undefined;
  // Whoever watched it has closed the terminal: it ends as by ctrl-c.
  if (out !== undefined) earlySignals.on("SIGHUP", () => void process.kill(process.pid, "SIGTERM"));
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
  const watch: Meanwhile = (proxy, signal) => stage.watch(proxy, signal);
  return await serve({ ...given, config: shown }, logger, watch);
}

type Meanwhile = (proxy: RunningProxy, signal: AbortSignal) => Promise<void>;

/** Serves until the first signal, drains, and ends; whatever else runs meanwhile ends first. */
async function serve(given: Given, logger: ProgramLogger, meanwhile: Meanwhile): Promise<number> {
  const { config, reread } = given;
  const stop = listenForSignals();
  const reload = new Reload({ config, reread, logger });
  earlySignals.on("SIGUSR1", () => logger.warn("SIGUSR1 is for nothing here"));
  earlySignals.on("SIGUSR2", () => switchDebug(logger, reload.config.logLevel));
  try {
    await using proxy = await startProxy({
      config,
      version,
      revision,
      logger,
      logLinesDropped: () => logger.dropped(),
      accessOutput: process.stdout,
      ...edge,
    });
    const { statusAddress } = proxy;
    // One that is to take over opens its status port only then.
    const unbound = config.statusEndpoint === undefined ? "none" : "later";
    logger.info("started", { version, status: statusAddress ?? unbound, workers: config.workers });
    earlySignals.on("SIGHUP", () => reload.apply(proxy));
    const over = AbortSignal.any([stop, proxy.replaced]);
    const asides = meanwhile(proxy, over).catch((error: unknown) => {
      if (!over.aborted) throw error;
    });
    await Promise.race([aborted(over), proxy.failed, asides.then(() => aborted(over))]);
    await asides;
    await proxy.drain();
    logger.info("stopped");
    return 0;
  } catch (error) {
    logger.error(error instanceof Error ? error.message : String(error), { error });
    return failure;
  }
}

/** Debug lines on, or off again: what is configured then counts, or `info` where that is debug lines too. */
function switchDebug(logger: ProgramLogger, configured: LogLevel): void {
  const quiet = configured === "debug" ? "info" : configured;
  logger.setLevel(logger.level === "debug" ? quiet : "debug");
  logger.info("log level changed", { to: logger.level });
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

/** What the package says of itself; `gitHead` is put in by whoever builds the image. */
function readManifest(): { readonly version?: string; readonly gitHead?: string } {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  const entries = typeof manifest === "object" && manifest !== null ? Object.entries(manifest) : [];
  return Object.fromEntries(entries.filter(([, value]) => typeof value === "string"));
}
