import { isIP } from "node:net";

import { printable, type Problem } from "../../model/problem.ts";
import { fieldsOf, listOf, numbersOf, textOf, timeOf } from "../fields.ts";
import { ProblemList } from "../problem-list.ts";
import { parseDefinition, type AppDefinition } from "./definition.ts";

/** One running copy as Marathon lists it, any version from 0.11 to 1.11. */
export interface WireTask {
  readonly id: string;
  /** As received: it may be no valid host. */
  readonly host: string | undefined;
  /** The agent's id. */
  readonly agent?: string | undefined;
  /** Allocated host ports; a hole keeps the place of an entry that was no number. */
  readonly ports: readonly (number | undefined)[];
  /** Only on `/v2/tasks`; index-aligned with the app's current port declarations. */
  readonly servicePorts: readonly (number | undefined)[];
  /** Container addresses, IP literals only. */
  readonly ipAddresses: readonly string[];
  /** Absent before Marathon 1.3. */
  readonly state: string | undefined;
  /** When it was staged or, later, started (ms since the epoch). */
  readonly stagedAt: number | undefined;
  readonly startedAt: number | undefined;
  /** When the version it runs was configured (ms since the epoch). */
  readonly version: number | undefined;
  /** One entry per check that has reported; undefined where the verdict is missing, or a probe failed that did not count yet. */
  readonly checks: readonly (boolean | undefined)[];
}

/** One app definition with the tasks embedded in it. */
export interface WireApp extends AppDefinition {
  /** Undefined when the answer did not embed tasks. */
  readonly tasks: readonly WireTask[] | undefined;
}

export interface WireApps {
  readonly apps: readonly WireApp[];
  readonly problems: readonly Problem[];
}

/** A task of `/v2/tasks`, which names its app itself. */
export interface ListedTask {
  readonly app: string;
  readonly task: WireTask;
}

export interface WireTasks {
  readonly tasks: readonly ListedTask[];
  readonly problems: readonly Problem[];
}

const longestAppId = 1024;
const idSegment = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** Reads `GET /v2/apps`; undefined when the document is no list of apps. A bad item harms only itself. */
export function parseApps(document: unknown): WireApps | undefined {
  const items = fieldsOf(document)["apps"];
  if (!Array.isArray(items)) return undefined;
  const apps = new Map<string, WireApp>();
  const problems = new ProblemList("/v2/apps");
  for (const item of listOf(items)) {
    const app = parseApp(item, problems);
    if (app === undefined) continue;
    if (apps.has(app.id))
      problems.add(invalid(app.id, "app is listed twice: the first one is used"));
    else apps.set(app.id, app);
  }
  return { apps: [...apps.values()], problems: problems.list() };
}

/** Reads `GET /v2/tasks` or `/v2/apps/{id}/tasks`; undefined when the document is no list of tasks. */
export function parseTasks(document: unknown): WireTasks | undefined {
  const items = fieldsOf(document)["tasks"];
  if (!Array.isArray(items)) return undefined;
  const tasks: ListedTask[] = [];
  const problems = new ProblemList("/v2/tasks");
  for (const item of listOf(items)) {
    const app = appIdOf(fieldsOf(item)["appId"]);
    const task = parseTask(item);
    if (app !== undefined && task !== undefined) tasks.push({ app, task });
    else problems.add(invalid(app ?? "/v2/tasks", "task without a valid id or app id: skipped"));
  }
  return { tasks, problems: problems.list() };
}

/** An app id in its absolute form; undefined when a segment is empty, `.`, `..` or has a foreign character. */
export function appIdOf(value: unknown): string | undefined {
  const text = textOf(value, longestAppId);
  if (text === undefined) return undefined;
  const path = text.startsWith("/") ? text.slice(1) : text;
  return path.split("/").every((segment) => idSegment.test(segment)) ? `/${path}` : undefined;
}

function parseApp(item: unknown, problems: ProblemList): WireApp | undefined {
  const fields = fieldsOf(item);
  const id = appIdOf(fields["id"]);
  if (id === undefined) {
    problems.add(invalid("/v2/apps", `app id ${shown(fields["id"])} is not valid: app skipped`));
    return undefined;
  }
  const tasks = embeddedTasks(id, fields["tasks"], problems);
  return { ...parseDefinition(id, fields), tasks };
}

function embeddedTasks(
  app: string,
  value: unknown,
  problems: ProblemList,
): readonly WireTask[] | undefined {
  // [go-marathon] `tasks: null` was seen on an app that has just been created, and means none.
  if (value === undefined) return undefined;
  if (value !== null && !Array.isArray(value))
    problems.add(invalid(app, "tasks is no list: taken as none"));
  const tasks = new Map<string, WireTask>();
  for (const item of listOf(value)) {
    const task = parseTask(item);
    if (task === undefined) problems.add(invalid(app, "task without a valid id: skipped"));
    else if (tasks.has(task.id))
      problems.add(invalid(app, `task ${printable(task.id, 100)} is listed twice`));
    else tasks.set(task.id, task);
  }
  return [...tasks.values()];
}

function parseTask(item: unknown): WireTask | undefined {
  const fields = fieldsOf(item);
  const id = textOf(fields["id"]);
  if (id === undefined || printable(id) !== id) return undefined;
  const ips = listOf(fields["ipAddresses"]).map((entry) => textOf(fieldsOf(entry)["ipAddress"]));
  return {
    id,
    host: textOf(fields["host"]),
    agent: textOf(fields["slaveId"], 255),
    ports: numbersOf(fields["ports"]),
    servicePorts: numbersOf(fields["servicePorts"]),
    ipAddresses: ips.filter((ip) => ip !== undefined && isIP(ip) !== 0).map(String),
    state: textOf(fields["state"]),
    stagedAt: timeOf(fields["stagedAt"]),
    startedAt: timeOf(fields["startedAt"]),
    version: timeOf(fields["version"]),
    checks: listOf(fields["healthCheckResults"]).map(aliveOf),
  };
}

function aliveOf(result: unknown): boolean | undefined {
  const fields = fieldsOf(result);
  const { alive } = fields;
  if (typeof alive !== "boolean" || (!alive && isUnrecorded(fields))) return undefined;
  return alive;
}

const probeTimes = ["firstSuccess", "lastSuccess", "lastFailure"] as const;

/** [marathon §4] A failure within the grace period leaves an entry that no probe has been counted in, and is no verdict. */
function isUnrecorded(result: Readonly<Record<string, unknown>>): boolean {
  if (result["consecutiveFailures"] !== 0) return false;
  return probeTimes.every((name) => timeOf(result[name]) === undefined);
}

function invalid(subject: string, reason: string): Problem {
  return { kind: "invalid-item", subject, reason };
}

function shown(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(printable(value, 100))
    : `of type ${typeof value}`;
}
