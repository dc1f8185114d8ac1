import type { AppDefinition } from "./app-definition.ts";

/** Where a launched copy can be reached. */
export interface LaunchedTask {
  readonly host: string;
  /** Host ports, in the order of the declarations that have one. */
  readonly ports: readonly number[];
  /** The task's own address, where it has one. */
  readonly ipAddress?: string;
}

/** Runs real copies of apps; it outlives Marathon, as Mesos does, so whoever made it stops what still runs. */
export interface Executor {
  /** Starts one copy; resolves when it can be reached. */
  launch(app: AppDefinition, taskId: string): Promise<LaunchedTask>;
  /** Stops one copy; resolves when it is gone, also for one that is not known. */
  kill(taskId: string): Promise<void>;
}
