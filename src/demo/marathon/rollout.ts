import type { App } from "./cluster-state.ts";
import { type Task, hasEnded } from "./task.ts";

/** The next single thing to do so that an app's tasks become what its definition asks for. */
export type RolloutStep =
  | { readonly kind: "done" }
  | { readonly kind: "launch" }
  | { readonly kind: "kill"; readonly task: Task };

/** One new task first, then one old task less, until only tasks of the current configuration remain. */
export function nextStep(app: App): RolloutStep {
  const { instances, lastConfigChangeAt } = app.definition;
  const live = app.tasks.filter(isLive);
  const outdated = live.filter((task) => task.version < lastConfigChangeAt);
  const fresh = live.filter((task) => task.version >= lastConfigChangeAt);
  const oldest = outdated[0];
  if (oldest !== undefined && live.length > instances) return { kind: "kill", task: oldest };
  if (fresh.length < instances) return { kind: "launch" };
  const surplus = oldest ?? (fresh.length > instances ? fresh.at(-1) : undefined);
  return surplus === undefined ? { kind: "done" } : { kind: "kill", task: surplus };
}

function isLive({ state }: Task): boolean {
  const isGone = hasEnded(state) || state === "TASK_KILLING";
  return !isGone && state !== "TASK_UNREACHABLE" && state !== "TASK_LOST";
}
