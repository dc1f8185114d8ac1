import type { CheckKind, CheckPolicy } from "../../model/check.ts";
import { formatDuration } from "../../model/duration.ts";
import { printable } from "../../model/problem.ts";
import { fieldsOf, listOf, numberOf, textOf, type Fields } from "../fields.ts";

/** One of an app's own health checks that a probe can repeat. */
export interface DeclaredCheck {
  /** Its position among the app's health checks. */
  readonly position: number;
  /** The port it is about, counted from 0. */
  readonly portIndex: number;
  /** The port that is asked in place of that one; absent for none. */
  readonly port: number | undefined;
  /** [marathon: MESOS_*] It runs inside the container, and `port` counts there. */
  readonly isInside: boolean;
  /** Of `kind`, `path`, `intervalMs`, `timeoutMs` and `fall` what it states. */
  readonly policy: Partial<CheckPolicy>;
}

/** The health checks of an app definition. */
export interface DeclaredChecks {
  /** How many it declares; undefined when the definition itself is not known. */
  readonly healthChecks: number | undefined;
  /** Those that a probe can repeat, in their order. */
  readonly checks: readonly DeclaredCheck[];
  /** What is wrong with them and what was done, printable and bounded. */
  readonly checkFaults: readonly string[];
}

/** Nothing is known of the checks. */
export const checksUnknown: DeclaredChecks = {
  healthChecks: undefined,
  checks: [],
  checkFaults: [],
};

const mostChecks = 100;
const interval = { least: 100, most: 86_400_000 } as const;
const timeout = { least: 10, most: 600_000 } as const;
const failures = { least: 1, most: 100 } as const;

/** [marathon: protocol] A command has no counterpart here. */
const kinds: ReadonlyMap<string, CheckKind | undefined> = new Map([
  ["HTTP", "http"],
  ["HTTPS", "https"],
  ["TCP", "tcp"],
  ["MESOS_HTTP", "http"],
  ["MESOS_HTTPS", "https"],
  ["MESOS_TCP", "tcp"],
  ["COMMAND", undefined],
]);

/** Reads `healthChecks` of an app definition; a bad entry or value harms only itself. */
export function parseChecks(value: unknown): DeclaredChecks {
  const items = listOf(value);
  const read = items.slice(0, mostChecks).map((item, position) => {
    const faults: string[] = [];
    const check = parseCheck(fieldsOf(item), position, faults);
    return { check, faults: faults.map((fault) => `health check ${position}: ${fault}`) };
  });
  return {
    healthChecks: items.length,
    checks: read.flatMap(({ check }) => check ?? []),
    checkFaults: read.flatMap(({ faults }) => faults),
  };
}

function parseCheck(fields: Fields, position: number, faults: string[]): DeclaredCheck | undefined {
  const protocol = textOf(fields["protocol"]) ?? "HTTP";
  const kind = kinds.get(protocol);
  if (!kinds.has(protocol)) faults.push(`protocol ${shown(protocol)} is not known: no probe`);
  if (kind === undefined) return undefined;
  const port = portOf(fields["port"], "port", faults);
  if (port === null) return undefined;
  const portIndex = portOf(fields["portIndex"], "portIndex", faults);
  if (portIndex === null) return undefined;
  return {
    position,
    portIndex: portIndex ?? 0,
    // [marathon] Zero is what no port looks like in some versions.
    port: port === 0 ? undefined : port,
    isInside: protocol.startsWith("MESOS_"),
    policy: { ...asked(kind, fields, faults), ...timesOf(fields, faults) },
  };
}

/** A port or its index; undefined for none, null when it cannot be one. */
function portOf(value: unknown, name: string, faults: string[]): number | undefined | null {
  if (value === undefined || value === null) return undefined;
  const number = numberOf(value);
  if (number !== undefined && Number.isInteger(number) && number >= 0 && number <= 65_535)
    return number;
  faults.push(`${name} ${shown(value)} is none: no probe`);
  return null;
}

/** What is asked: of a path that no request can carry, only that the port is open. */
function asked(
  kind: CheckKind,
  fields: Fields,
  faults: string[],
): Pick<Partial<CheckPolicy>, "kind" | "path"> {
  if (kind === "tcp") return { kind };
  const given = fields["path"] ?? "/";
  const path = requestPath(given);
  if (path !== undefined) return { kind, path };
  faults.push(`path ${shown(given)} fits no request: only the connection is probed`);
  return { kind: "tcp" };
}

const longestPath = 2048;

/** [marathon] A path without its slash gets one. What must be encoded is; line ends and the like are refused. */
function requestPath(given: unknown): string | undefined {
  const text = given === "" ? "/" : textOf(given, longestPath);
  // oxlint-disable-next-line no-control-regex -- these are what a request could be split with
  if (text === undefined || /[\u0000-\u001F\u007F]/.test(text) || !text.isWellFormed())
    return undefined;
  const encoded = text.replaceAll(/[^\u0021-\u007E]+/gu, encodeURIComponent);
  const path = encoded.startsWith("/") ? encoded : `/${encoded}`;
  return path.length <= longestPath ? path : undefined;
}

function timesOf(
  fields: Fields,
  faults: string[],
): Pick<Partial<CheckPolicy>, "intervalMs" | "timeoutMs" | "fall"> {
  const read = (name: string, bounds: Bounds): number | undefined =>
    bounded(fields[name], { name, ...bounds }, faults);
  const intervalMs = read("intervalSeconds", { ...interval, isTime: true });
  const timeoutMs = read("timeoutSeconds", { ...timeout, isTime: true });
  // [marathon] No failures at all means that none of them kills the task, and says nothing of when it is down.
  const isEndless = fields["maxConsecutiveFailures"] === 0;
  const fall = isEndless ? undefined : read("maxConsecutiveFailures", failures);
  return {
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(fall === undefined ? {} : { fall }),
  };
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  /** Stated in seconds, bounded and taken in ms. */
  readonly isTime?: boolean;
}

function bounded(
  value: unknown,
  { name, least, most, isTime = false }: Bounds & { readonly name: string },
  faults: string[],
): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = numberOf(value);
  if (number === undefined) {
    faults.push(`${name} ${shown(value)} is no number: ignored`);
    return undefined;
  }
  const exact = Math.round(isTime ? number * 1000 : number);
  const taken = Math.min(most, Math.max(least, exact));
  if (taken !== exact)
    faults.push(`${name} ${number} is taken as ${isTime ? formatDuration(taken) : taken}`);
  return taken;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(printable(value, 40));
  return typeof value === "number" ? String(value) : `of type ${typeof value}`;
}
