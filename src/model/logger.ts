/** From the finest to the gravest. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof logLevels)[number];

/** Values that go beside a message; secrets and unbounded text stay out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What every part writes its state changes to; `observe/` implements it. */
export interface Logger {
  /** Per connection. */
  debug(message: string, fields?: LogFields): void;
  /** A change of state. */
  info(message: string, fields?: LogFields): void;
  /** Degraded but serving. */
  warn(message: string, fields?: LogFields): void;
  /** An operator must act. */
  error(message: string, fields?: LogFields): void;
}
