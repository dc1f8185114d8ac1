import type { AppDefinition } from "./marathon/app-definition.ts";
import type { Executor, LaunchedTask } from "./marathon/executor.ts";
import { SampleReplica, type SampleKind } from "./sample-replica.ts";

/** Runs the tasks of the embedded Marathon as sample replicas in this process; the label `sample` says which kind. */
export class SampleExecutor implements Executor, AsyncDisposable {
  readonly #running = new Map<string, SampleReplica>();

  async launch(app: AppDefinition, taskId: string): Promise<LaunchedTask> {
    const kind = app.labels["sample"];
    const name = `${app.id} ${shortName(taskId)}`;
    const replica = await SampleReplica.start(isKind(kind) ? kind : "echo", name);
    this.#running.set(taskId, replica);
    return { host: "127.0.0.1", ports: [replica.port] };
  }

  async kill(taskId: string): Promise<void> {
    const replica = this.#running.get(taskId);
    this.#running.delete(taskId);
    await replica?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((taskId) => this.kill(taskId)));
  }
}

/** Enough of a task's id to tell copies apart. */
export function shortName(taskId: string): string {
  return /instance-([0-9a-f]{8})/.exec(taskId)?.[1] ?? taskId;
}

function isKind(value: unknown): value is SampleKind {
  return value === "web" || value === "echo" || value === "kv";
}
