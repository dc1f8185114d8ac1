import { setTimeout as wait } from "node:timers/promises";
import type { AppDefinition } from "./marathon/app-definition.ts";
import type { Executor, LaunchedTask } from "./marathon/executor.ts";
import { SampleDatagrams } from "./sample-datagrams.ts";
import { SampleReplica, type StreamKind } from "./sample-replica.ts";

/** What a sample replica speaks. */
export type SampleKind = StreamKind | "datagrams";

/** How long a sample takes to start and, once asked to stop, to finish what it does, in ms. */
export interface SamplePace {
  readonly startMs: number;
  readonly stopMs: number;
}

/** Runs the tasks of the embedded Marathon as sample replicas in this process; the label `sample` says which kind. */
export class SampleExecutor implements Executor, AsyncDisposable {
  readonly #running = new Map<string, SampleReplica | SampleDatagrams>();
  readonly #pace: SamplePace;

  constructor(pace: SamplePace) {
    this.#pace = pace;
  }

  async launch(app: AppDefinition, taskId: string): Promise<LaunchedTask> {
    const kind = app.labels["sample"];
    const name = `${app.id} ${shortName(taskId)}`;
    await wait(this.#pace.startMs);
    const replica =
      kind === "datagrams"
        ? await SampleDatagrams.start(name)
        : await SampleReplica.start(isStream(kind) ? kind : "echo", name);
    this.#running.set(taskId, replica);
    return { host: "127.0.0.1", ports: [replica.port] };
  }

  /** Asks a copy to stop: it goes on serving for its stop time, as a server that drains. */
  async kill(taskId: string): Promise<void> {
    if (this.#running.has(taskId)) await wait(this.#pace.stopMs);
    await this.crash(taskId);
  }

  /** Ends a copy without a word to anyone. */
  async crash(taskId: string): Promise<void> {
    const replica = this.#running.get(taskId);
    this.#running.delete(taskId);
    await replica?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((taskId) => this.crash(taskId)));
  }
}

/** Enough of a task's id to tell copies apart. */
export function shortName(taskId: string): string {
  return /instance-([0-9a-f]{8})/.exec(taskId)?.[1] ?? taskId;
}

function isStream(value: unknown): value is StreamKind {
  return value === "web" || value === "echo" || value === "kv";
}
