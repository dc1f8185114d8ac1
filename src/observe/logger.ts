import type { Writable } from "node:stream";
import { pino } from "pino";
import { logLevels, type LogFields, type Logger, type LogLevel } from "../model/logger.ts";
import { LineRate } from "./line-rate.ts";
import { cleanFields, cleanText } from "./log-fields.ts";
import { boundLine, toText } from "./log-line.ts";
import { LogOutput } from "./log-output.ts";

export interface LoggerOptions {
  /** Least severe level written. */
  readonly level: LogLevel;
  /** `auto` is text on a terminal and JSON lines elsewhere. */
  readonly format: "auto" | "json" | "text";
  /** Default: stdout. Never closed by the logger. */
  readonly destination?: Writable & { readonly isTTY?: boolean };
  /** Stands in every line when given. */
  readonly name?: string;
  /** Lines in any one second, the summary of what was suppressed included. Default: 100. */
  readonly linesPerSecond?: number;
  /** Bytes that may wait for a slow reader. Default: 4 MiB. */
  readonly queueBytes?: number;
  /** Monotonic time in ms. Default: `performance.now`. */
  readonly now?: () => number;
}

const summaryMs = 1000;
const batchBytes = 4096;

/** Opens the program's log; it lives until `close`, and no trouble of its reader ever reaches the program. */
export function createLogger(options: LoggerOptions): ProgramLogger {
  return new ProgramLogger(options);
}

/** The log of the program: bounded in line length, rate and memory, without credentials, never blocking, never throwing. */
export class ProgramLogger implements Logger, AsyncDisposable {
  readonly #pino: pino.Logger;
  readonly #output: LogOutput;
  readonly #rate: LineRate;
  readonly #now: () => number;
  #suppressed = 0;
  #suppressedSince = 0;
  #summaryTimer: NodeJS.Timeout | undefined;

  constructor(options: LoggerOptions) {
    const { level, format, destination = process.stdout, linesPerSecond = 100 } = options;
    const isText = format === "text" || (format === "auto" && destination.isTTY === true);
    this.#output = new LogOutput({
      stream: destination,
      queueBytes: options.queueBytes ?? 4 * 1024 * 1024,
      batchBytes: isText ? 0 : batchBytes,
    });
    // One of them is kept for the summary.
    this.#rate = new LineRate(linesPerSecond - 1);
    this.#now = options.now ?? (() => performance.now());
    const write = (line: string): void => {
      const bounded = boundLine(line);
      this.#output.write(isText ? toText(bounded, destination) : bounded);
    };
    this.#pino = createPino(level, options.name, { write });
    process.once("exit", this.#onExit);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  get level(): LogLevel {
    const { level } = this.#pino;
    return isLogLevel(level) ? level : "info";
  }

  setLevel(level: LogLevel): void {
    this.#pino.level = level;
  }

  /** Writes what waits to be written together, without waiting for it to arrive. */
  flush(): void {
    this.#output.flush();
  }

  /** Lines that were lost because the reader was too slow or gone; suppressed lines are summed up in the log itself. */
  dropped(): number {
    return this.#output.dropped;
  }

  /** Gives waiting lines up to a second to leave; later lines are lost. */
  async close(): Promise<void> {
    process.off("exit", this.#onExit);
    this.#summarise();
    await this.#output.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    const nowMs = this.#now();
    if (this.#suppressed > 0 && nowMs - this.#suppressedSince >= summaryMs) this.#summarise();
    if (this.#rate.admit(nowMs)) this.#write(level, message, fields ?? {});
    else this.#suppress(nowMs);
  }

  #write(level: LogLevel, message: string, fields: LogFields): void {
    this.#pino[level](cleanFields(fields), cleanText(message));
  }

  #suppress(nowMs: number): void {
    this.#suppressed += 1;
    if (this.#suppressed > 1) return;
    this.#suppressedSince = nowMs;
    this.#summaryTimer = setTimeout(() => this.#summarise(), summaryMs).unref();
  }

  #summarise(): void {
    clearTimeout(this.#summaryTimer);
    if (this.#suppressed === 0) return;
    const level = this.level === "error" ? "error" : "warn";
    this.#write(level, `${this.#suppressed} lines suppressed`, { suppressed: this.#suppressed });
    this.#suppressed = 0;
  }

  readonly #onExit = (): void => {
    this.#summarise();
    this.#output.flushLast();
  };
}

function createPino(
  level: LogLevel,
  name: string | undefined,
  destination: pino.DestinationStream,
): pino.Logger {
  return pino(
    {
      level,
      base: name === undefined ? null : { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Fields arrive clean; pino would read this one again as an error.
      serializers: { err: (value: unknown) => value },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

function isLogLevel(level: string): level is LogLevel {
  return logLevels.some((known) => known === level);
}
