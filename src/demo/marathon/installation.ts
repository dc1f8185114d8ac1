import { isAbort, sleep } from "../../async/sleep.ts";
import { healthCheckAdded } from "./app-events.ts";
import { Apps } from "./apps.ts";
import { withoutHealth } from "./cluster-state.ts";
import { Cluster } from "./cluster.ts";
import type { Core } from "./core.ts";
import { Deployer } from "./deployer.ts";
import { Election } from "./election.ts";
import { EventCallbacks } from "./event-callbacks.ts";
import { EventStreams } from "./event-streams.ts";
import { schedulerRegistered } from "./events.ts";
import { FaultBook } from "./faults.ts";
import { Member, type SeenRequest } from "./member.ts";
import type { Settings } from "./options.ts";
import { renderHealthCheck } from "./render-app.ts";
import { RenderedLists } from "./rendered-lists.ts";
import { frameworkId } from "./system-routes.ts";
import { TaskRunner } from "./task-runner.ts";
import { Tasks } from "./tasks.ts";

const requestsKept = 2000;

/** The members of a cluster, what they share, and who of them leads. */
export class Installation implements AsyncDisposable {
  readonly core: Core;
  readonly members: readonly Member[];
  readonly requests: SeenRequest[] = [];
  readonly #closing = new AbortController();
  #abdication: Promise<void> = Promise.resolve();

  constructor(settings: Settings) {
    this.core = makeCore(settings, {
      authorityOf: (member) => this.member(member).authority,
      abdicate: () => this.#abdicate(),
    });
    this.members = Array.from({ length: settings.members }, (_, index) => {
      const port = settings.port === 0 ? 0 : settings.port + index;
      const onRequest = (request: SeenRequest): void => this.#log(request);
      return new Member({ index, host: settings.host, port, core: this.core, onRequest });
    });
  }

  async start(): Promise<void> {
    for (const member of this.members) await member.start();
  }

  member(index: number): Member {
    const member = this.members[index];
    if (member === undefined) throw new RangeError(`no member ${index}`);
    return member;
  }

  /** Moves leadership, after a time without any: streams end, and health is forgotten. */
  async electLeader(index: number, gapMs: number): Promise<void> {
    const { election, streams, cluster } = this.core;
    this.member(index);
    election.leader = undefined;
    streams.closeAll();
    if (gapMs > 0) await sleep(gapMs, this.#closing.signal);
    cluster.update(withoutHealth);
    election.leader = index;
    this.#announceLeader();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.core.election.close();
    this.core.streams.closeAll();
    await this.core.deployer.stop();
    await this.core.callbacks.close();
    await this.#abdication;
    await Promise.all(this.members.map((member) => member.stop()));
  }

  #announceLeader(): void {
    const { cluster } = this.core;
    const { stamp } = cluster;
    cluster.emit(schedulerRegistered(stamp, frameworkId));
    for (const { definition } of cluster.state.apps.values()) {
      const checks = definition.healthChecks.map((check) => renderHealthCheck(check, stamp.rules));
      cluster.emit(...checks.map((check) => healthCheckAdded(stamp, definition, check)));
    }
  }

  #abdicate(): void {
    const { signal } = this.#closing;
    this.#abdication = this.#handOver(signal).catch((error: unknown) => {
      if (!isAbort(error, signal)) throw error;
    });
  }

  /** The next running member takes over; alone, the same one does. */
  async #handOver(signal: AbortSignal): Promise<void> {
    const { settings, election } = this.core;
    await sleep(settings.abdicationMs, signal);
    const old = election.leader ?? 0;
    const order = this.members.map((_, offset) => (old + 1 + offset) % this.members.length);
    const next = order.find((index) => this.member(index).isRunning) ?? old;
    await this.electLeader(next, settings.electionGapMs);
  }

  #log(request: SeenRequest): void {
    this.requests.push(request);
    if (this.requests.length > requestsKept) this.requests.shift();
  }
}

function makeCore(settings: Settings, members: Pick<Core, "authorityOf" | "abdicate">): Core {
  const { rules, executor } = settings;
  const cluster = new Cluster(settings);
  const tasks = new Tasks(cluster);
  const runner = new TaskRunner(cluster, tasks, executor);
  const deployer = new Deployer(cluster, runner, executor);
  tasks.onEnded = (task) => deployer.reconcile(task.appId);
  return {
    settings,
    cluster,
    tasks,
    runner,
    deployer,
    apps: new Apps(cluster, deployer),
    lists: new RenderedLists(rules),
    streams: new EventStreams(cluster, {
      heartbeatMs: settings.heartbeatMs,
      outstanding: settings.outstandingEvents,
    }),
    callbacks: new EventCallbacks(cluster, settings.clock),
    election: new Election(),
    faults: new FaultBook(),
    ...members,
  };
}
