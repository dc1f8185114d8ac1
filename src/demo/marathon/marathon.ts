import type { AppChange } from "./apps.ts";
import { type App, withApp } from "./cluster-state.ts";
import type { Core } from "./core.ts";
import type { MarathonEvent } from "./events.ts";
import type { Fault, FaultScope } from "./faults.ts";
import type { JsonObject } from "./fields.ts";
import { Installation } from "./installation.ts";
import type { SeenRequest } from "./member.ts";
import { type MarathonOptions, toSettings } from "./options.ts";
import { absolute } from "./parse-app.ts";
import { type SyntheticCluster, loadSynthetic } from "./synthetic.ts";
import type { KillOptions } from "./task-runner.ts";
import type { Task, TaskState } from "./task.ts";
import type { TaskPlacement } from "./tasks.ts";

/** An app definition as Marathon takes it, of either era. */
export type AppInput = JsonObject & { readonly id: string };

/**
 * A stand-in for a Marathon cluster in this process: driven by code, by HTTP, or by both, it answers and streams as
 * the chosen release does. Every change made by code sends the events that the release sends for it.
 */
export class EmbeddedMarathon implements AsyncDisposable {
  readonly #installation: Installation;
  readonly #core: Core;

  private constructor(installation: Installation) {
    this.#installation = installation;
    this.#core = installation.core;
  }

  static async start(options: MarathonOptions): Promise<EmbeddedMarathon> {
    const installation = new Installation(toSettings(options));
    try {
      await installation.start();
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
    return new EmbeddedMarathon(installation);
  }

  /** Where each member answers, with the path prefix and without a trailing slash. */
  get urls(): readonly string[] {
    const { pathPrefix } = this.#core.settings;
    return this.#installation.members.map(({ authority }) => `http://${authority}${pathPrefix}`);
  }

  /** The requests seen lately, oldest first; a proxied one is seen by both members. */
  get requests(): readonly SeenRequest[] {
    return this.#installation.requests;
  }

  /** Number of open event streams. */
  get streams(): number {
    return this.#core.streams.size;
  }

  /** Index of the member that leads; undefined during an election. */
  get leader(): number | undefined {
    return this.#core.election.leader;
  }

  /** Undefined when there is no such app. */
  app(appId: string): App | undefined {
    return this.#core.cluster.state.apps.get(absolute(appId));
  }

  /** The tasks of an app, oldest first; none when there is no such app. */
  tasksOf(appId: string): readonly Task[] {
    return this.app(appId)?.tasks ?? [];
  }

  /** Creates an app or replaces its definition; throws when Marathon would refuse it. */
  putApp(definition: AppInput): App {
    return this.#accepted(this.#core.apps.put(definition, requestFor(definition.id)));
  }

  /** Without an executor the tasks stay as they are. */
  scaleApp(appId: string, instances: number): App {
    return this.#accepted(this.#core.apps.patch(appId, { instances }, requestFor(appId)));
  }

  /** Changes some fields and replaces every task, a new one first; resolves when the deployment is over. */
  async deployApp(appId: string, change: JsonObject = {}): Promise<App> {
    const isRestart = Object.keys(change).length === 0;
    const { apps } = this.#core;
    const result = isRestart
      ? apps.restart(appId, { force: true })
      : apps.patch(appId, change, requestFor(appId));
    const { definition } = this.#accepted(result);
    await this.settled();
    return this.#mustFind(definition.id);
  }

  /** Removes an app at once; its tasks end with their events. */
  deleteApp(appId: string): void {
    const result = this.#core.apps.delete(appId, { force: true });
    if (result.kind !== "accepted") throw new Error(`no app ${appId}`);
  }

  /** Resolves when no deployment is under way. */
  settled(): Promise<void> {
    return this.#core.deployer.settled();
  }

  /** Places a task by hand. */
  addTask(appId: string, placement: TaskPlacement): Task {
    return this.#core.tasks.add(absolute(appId), placement);
  }

  /** Moves a task to another Mesos state; an ended one leaves the lists where the release has it so. */
  setTask(
    taskId: string,
    { state, message }: { readonly state: TaskState; readonly message?: string },
  ): void {
    this.#core.tasks.set(taskId, state, message);
  }

  /** Every check of the task passes or fails once; null forgets the results. */
  setHealth(taskId: string, alive: boolean | null): void {
    this.#core.tasks.setHealth(taskId, alive);
  }

  /** Every check of the task fails once within its grace period, which is not announced. */
  ignoreFailure(taskId: string): void {
    this.#core.tasks.ignoreFailure(taskId);
  }

  /** Ends a task at once, without asking the executor. */
  removeTask(taskId: string): void {
    this.#core.tasks.set(taskId, "TASK_KILLED");
  }

  /** Ends a task: TASK_KILLING where it is announced, the executor's kill, TASK_KILLED. */
  killTask(taskId: string, options: KillOptions = {}): Promise<void> {
    return this.#core.runner.kill(taskId, options);
  }

  /** Lays fields over an app as it is answered, so that Marathon says odd things; undefined removes a field. */
  overrideApp(appId: string, overrides: JsonObject): void {
    const app = { ...this.#mustFind(appId), overrides };
    this.#core.cluster.update((state) => withApp(state, app));
  }

  /** Lays fields over a task as it is answered. */
  overrideTask(taskId: string, overrides: JsonObject): void {
    this.#core.tasks.override(taskId, overrides);
  }

  /** Sets what `/v2/pods/::status` answers. */
  setPods(pods: readonly JsonObject[]): void {
    this.#core.cluster.update((state) => ({ ...state, pods }));
  }

  /** Fills the cluster with many healthy tasks, without events. */
  loadSynthetic(shape: SyntheticCluster): void {
    loadSynthetic(this.#core.cluster, shape);
  }

  /** Sends any event to every stream and callback. */
  emit(event: MarathonEvent): void {
    this.#core.cluster.emit(event);
  }

  /** Runs a synchronous change whose events are lost on the way. */
  silently<T>(change: () => T): T {
    return this.#core.cluster.silently(change);
  }

  /** Makes members misbehave; undefined takes back every fault within the scope. */
  setFault(fault: Fault | undefined, scope: FaultScope = {}): void {
    this.#core.faults.set(fault, scope);
  }

  /** Breaks every connection of a member; its port refuses until it starts again. It goes on leading until another is elected. */
  stopMember(index: number): Promise<void> {
    return this.#installation.member(index).stop();
  }

  /** Starts a stopped member on the port it had. */
  startMember(index: number): Promise<void> {
    return this.#installation.member(index).start();
  }

  /** Ends the streams of the old leader, leaves `gapMs` (default 0) without a leader, then forgets all health. */
  electLeader(index: number, { gapMs = 0 }: { readonly gapMs?: number } = {}): Promise<void> {
    return this.#installation.electLeader(index, gapMs);
  }

  /** Ends every open stream; the clients may come back at once. */
  endStreams(): void {
    this.#core.streams.closeAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#installation[Symbol.asyncDispose]();
  }

  #accepted(change: AppChange): App {
    if (change.kind === "accepted") return this.#mustFind(change.appId);
    throw new Error(`app refused: ${JSON.stringify(change)}`);
  }

  #mustFind(appId: string): App {
    const app = this.app(appId);
    if (app === undefined) throw new Error(`no app ${appId}`);
    return app;
  }
}

function requestFor(appId: string): Parameters<Core["apps"]["put"]>[1] {
  return { origin: { clientIp: "127.0.0.1", uri: `/v2/apps/${absolute(appId)}` }, force: true };
}
