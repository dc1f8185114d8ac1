import { type Dialect, type DialectRules, rulesOf } from "./dialect.ts";
import type { Executor } from "./executor.ts";

export interface MarathonOptions {
  /** Default 1.10. */
  readonly dialect?: Dialect;
  /** Members of the cluster, each its own HTTP server; the first leads at first. Default 1. */
  readonly members?: number;
  /** Port of the first member, the others follow; default 0, any free ones. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Time between heartbeats of a stream, in ms; default 10 000. */
  readonly heartbeatMs?: number;
  /** Basic authentication on every path; default none. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Path below which everything is served, `/marathon`; default none. */
  readonly pathPrefix?: string;
  /** Starts and stops real replicas when apps change; default none, tasks are then placed by hand. */
  readonly executor?: Executor;
  /** How long a request waits for a leader, in ms; default 2750. */
  readonly holdMs?: number;
  /** How long a standby waits for bytes of the leader, in ms; default 10 000. */
  readonly proxyReadTimeoutMs?: number;
  /** From `DELETE /v2/leader` to abdication, in ms; default 500. */
  readonly abdicationMs?: number;
  /** Time without a leader after an abdication, in ms; default 1000. */
  readonly electionGapMs?: number;
  /** From a stream's head to its subscription, in ms: events in between are lost; default 0. */
  readonly attachDelayMs?: number;
  /** Events held for a slow stream; default as the dialect: 50 or 1024. */
  readonly outstandingEvents?: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly random: () => number;
}

/** The options with their defaults. */
export interface Settings {
  readonly rules: DialectRules;
  readonly members: number;
  readonly port: number;
  readonly host: string;
  readonly heartbeatMs: number;
  /** The only `Authorization` that is let in; undefined lets everyone in. */
  readonly authorization: string | undefined;
  readonly pathPrefix: string;
  readonly executor: Executor | undefined;
  readonly holdMs: number;
  readonly proxyReadTimeoutMs: number;
  readonly abdicationMs: number;
  readonly electionGapMs: number;
  readonly attachDelayMs: number;
  readonly outstandingEvents: number;
  readonly clock: () => number;
  readonly random: () => number;
}

export function toSettings(options: MarathonOptions): Settings {
  const { dialect = "1.10", credentials, pathPrefix = "" } = options;
  const rules = rulesOf(dialect);
  return {
    members: 1,
    port: 0,
    host: "127.0.0.1",
    heartbeatMs: 10_000,
    holdMs: 2750,
    proxyReadTimeoutMs: 10_000,
    abdicationMs: 500,
    electionGapMs: 1000,
    attachDelayMs: 0,
    outstandingEvents: rules.outstandingEvents,
    ...options,
    rules,
    authorization: credentials === undefined ? undefined : toBasic(credentials),
    pathPrefix: pathPrefix.replace(/\/+$/, ""),
    executor: options.executor,
  };
}

function toBasic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
