import {
  type AnnouncedDeployment,
  deploymentFailed,
  deploymentSucceeded,
  stepAnnounced,
} from "./app-events.ts";
import {
  type App,
  type ClusterState,
  type Deployment,
  type DeploymentAction,
  withDeployment,
  withoutDeployment,
} from "./cluster-state.ts";
import type { Cluster } from "./cluster.ts";
import type { Executor } from "./executor.ts";
import { renderGroup, wholeGroup } from "./groups.ts";
import { makeUuid } from "./ids.ts";
import { nextStep } from "./rollout.ts";
import type { TaskRunner } from "./task-runner.ts";

/** A change of an app that is to be carried out. */
export interface Change {
  readonly appId: string;
  readonly version: string;
  readonly steps: readonly DeploymentAction[];
  /** The state before the change. */
  readonly before: ClusterState;
  /** The app, when the change removes it: its tasks are killed. */
  readonly removed?: App;
}

/**
 * Carries out deployments: with an executor it launches and kills until the tasks are as asked, without one a
 * deployment is over at once. One app is worked on by one loop at a time; a newer change takes the loop over.
 */
export class Deployer {
  readonly #cluster: Cluster;
  readonly #runner: TaskRunner;
  readonly #executor: Executor | undefined;
  readonly #running = new Map<string, Promise<void>>();
  readonly #announced = new Map<string, AnnouncedDeployment>();
  #stopped = false;

  constructor(cluster: Cluster, runner: TaskRunner, executor: Executor | undefined) {
    this.#cluster = cluster;
    this.#runner = runner;
    this.#executor = executor;
  }

  /** Announces a change and carries it out; what was still under way for the app is cancelled. Returns the deployment's id. */
  begin(change: Change): string {
    const { appId, version, steps } = change;
    for (const old of this.#of(appId)) this.#fail(old, "cancelled");
    const id = makeUuid(this.#cluster.random);
    const deployment: Deployment = { id, appId, version, steps };
    const announced = { deployment, trees: this.#trees(change.before) };
    this.#announced.set(id, announced);
    this.#cluster.update((state) => withDeployment(state, deployment));
    this.#announce(announced, "deployment_info", 0);
    if (this.#executor === undefined) {
      if (change.removed !== undefined) this.#runner.dropAll(change.removed);
      this.#finish(appId);
    } else {
      this.#work(appId, change.removed);
    }
    return id;
  }

  /** Looks at the app once more, after one of its tasks ended. */
  reconcile(appId: string): void {
    if (this.#executor !== undefined) this.#work(appId);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Begins no further step, and waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.settled();
  }

  #work(appId: string, removed?: App): void {
    const before = this.#running.get(appId) ?? Promise.resolve();
    // A run that a newer change waits for leaves the last word to it.
    const isLast = (): boolean => this.#running.get(appId) === work;
    const run = async (): Promise<void> => {
      await before;
      try {
        if (removed === undefined) await this.#converge(appId);
        else await this.#runner.killAll(removed);
        if (isLast()) this.#finish(appId);
      } catch (error) {
        if (isLast()) this.#failAll(appId, error);
      }
      if (isLast()) this.#running.delete(appId);
    };
    const work = run();
    this.#running.set(appId, work);
  }

  async #converge(appId: string): Promise<void> {
    for (;;) {
      const app = this.#cluster.state.apps.get(appId);
      if (app === undefined || this.#stopped) return;
      const step = nextStep(app);
      if (step.kind === "done") return;
      if (step.kind === "launch") await this.#runner.launch(app);
      else await this.#runner.kill(step.task.id);
    }
  }

  #finish(appId: string): void {
    if (this.#stopped) return;
    for (const announced of this.#of(appId)) {
      const { steps } = announced.deployment;
      for (const index of steps.keys()) {
        if (index > 0) this.#announce(announced, "deployment_info", index);
        this.#announce(announced, "deployment_step_success", index);
      }
      this.#forget(announced);
      this.#cluster.emit(deploymentSucceeded(this.#cluster.stamp, announced));
    }
  }

  /** A launch or kill that failed is told by its deployment; the next change or ended task tries again. */
  #failAll(appId: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    for (const announced of this.#of(appId)) this.#fail(announced, reason);
  }

  #fail(announced: AnnouncedDeployment, reason: string): void {
    this.#forget(announced);
    this.#cluster.emit(deploymentFailed(this.#cluster.stamp, announced, reason));
  }

  #forget(announced: AnnouncedDeployment): void {
    this.#announced.delete(announced.deployment.id);
    this.#cluster.update((state) => withoutDeployment(state, announced.deployment));
  }

  #announce(
    announced: AnnouncedDeployment,
    eventType: "deployment_info" | "deployment_step_success",
    index: number,
  ): void {
    const action = announced.deployment.steps[index];
    if (action === undefined) return;
    this.#cluster.emit(stepAnnounced(this.#cluster.stamp, announced, { eventType, action }));
  }

  #of(appId: string): readonly AnnouncedDeployment[] {
    return [...this.#announced.values()].filter(({ deployment }) => deployment.appId === appId);
  }

  #trees(before: ClusterState): AnnouncedDeployment["trees"] {
    const { rules, state } = this.#cluster;
    if (rules.heavyPlans === "never") return undefined;
    const shape = { rules, embed: wholeGroup };
    const [original, target] = [before, state].map((from) => renderGroup("/", from, shape) ?? {});
    return original === undefined || target === undefined ? undefined : { original, target };
  }
}
