import type { DialectRules } from "./dialect.ts";

/** A random UUID drawn from `random`, so that a fixed random gives fixed ids. */
export function makeUuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `1${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20)].join("-");
}

/** An app's path as part of a task id: no leading slash, `_` for the others; ambiguous by nature. */
export function safeId(appId: string): string {
  return appId.replace(/^\//, "").replaceAll("/", "_");
}

/** A fresh task id in the form of the dialect. [marathon: task ids] */
export function makeTaskId(appId: string, rules: DialectRules, random: () => number): string {
  const uuid = makeUuid(random);
  return rules.stableInstances
    ? `${safeId(appId)}.instance-${uuid}._app.1`
    : `${safeId(appId)}.${uuid}`;
}

/** The instance a task belongs to: its id without incarnation, or with the `marathon-` of older releases. */
export function instanceIdOf(taskId: string): string {
  const stable = /^(.*\.instance-[^.]+)(?:\..*)?$/.exec(taskId)?.[1];
  if (stable !== undefined) return stable;
  const dot = taskId.lastIndexOf(".");
  return dot < 0 ? taskId : `${taskId.slice(0, dot)}.marathon-${taskId.slice(dot + 1)}`;
}

/** The id of the agent on a host. */
export function agentIdOf(host: string): string {
  return `agent-${host}`;
}

/** The id of the task that replaces an ended one in the same instance. */
export function nextIncarnation(taskId: string): string {
  return taskId.replace(/\.(\d+)$/, (_, count: string) => `.${Number(count) + 1}`);
}
