import assert from "node:assert/strict";
import type { AsyncCommand } from "fast-check";
import type { SourceState } from "../../../src/discovery/source.ts";
import { diffRoutes } from "../../../src/routing/diff.ts";
import type { Route } from "../../../src/routing/table.ts";
import { replica, service } from "../../support/services.ts";
import { agent, type ModelApp, type ModelCluster, type ModelTask } from "./cluster.ts";
import type { Oracle } from "./oracle.ts";
import type { Rig } from "./rig.ts";

/** What is true, and what the table must therefore be. */
export interface Model {
  readonly cluster: ModelCluster;
  readonly oracle: Oracle;
}

type Act = (model: Model, rig: Rig) => Promise<void> | void;

/** One thing that happens, told in a few words; afterwards the table must be right. */
export class Step implements AsyncCommand<Model, Rig> {
  readonly #text: string;
  readonly #act: Act;

  constructor(text: string, act: Act) {
    this.#text = text;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, rig: Rig): Promise<void> {
    rig.now += 1;
    await this.#act(model, rig);
    await settle(model, rig);
    checkPublished(rig);
  }

  toString(): string {
    return this.#text;
  }
}

export function start(id: string, port: number, copies: number): Step {
  return new Step(`${id} is put on ${port} with ${copies} more tasks`, ({ cluster }, { now }) => {
    const app = cluster.put(id, port, now);
    for (let copy = 0; copy < copies; copy += 1) cluster.launch(app);
  });
}

export function remove(id: string, isTold: boolean): Step {
  const how = isTold ? "and an event says so" : "without a word";
  return new Step(`${id} is deleted ${how}`, async ({ cluster, oracle }, rig) => {
    if (!cluster.apps.delete(id)) return;
    if (isTold) await told(oracle, rig, rig.hear({ kind: "app-gone", app: id, at: rig.now }));
  });
}

export function label(id: string, weight: string): Step {
  return new Step(`${id} gets the weight ${weight}`, ({ cluster }, { now }) => {
    const app = cluster.apps.get(id);
    if (app !== undefined) Object.assign(app, { weight, configuredAt: now });
  });
}

export function check(index: number, alive: boolean | null): Step {
  const word = alive === null ? "is not known" : alive ? "passes" : "fails";
  return new Step(`the check of task ${index} ${word}`, ({ cluster }) => {
    const one = cluster.taskAt(index);
    if (one !== undefined) one.task.alive = alive;
  });
}

export function kill(index: number, isTold: boolean): Step {
  const how = isTold ? "and an event says so" : "without a word";
  return new Step(`task ${index} ends ${how}`, async ({ cluster, oracle }, rig) => {
    const one = cluster.taskAt(index);
    if (one === undefined) return;
    end(one);
    if (!isTold) return;
    await told(oracle, rig, rig.hear(taskEvent(one.task, "ended", rig.now)));
    assert.ok(!rig.table.routes.some((route) => isUpOn(route, one.task)), "a dead task is in use");
  });
}

export function drain(index: number): Step {
  return new Step(`task ${index} is being killed`, async ({ cluster, oracle }, rig) => {
    const one = cluster.taskAt(index);
    if (one === undefined) return;
    one.task.state = "TASK_KILLING";
    await told(oracle, rig, rig.hear(taskEvent(one.task, "killing", rig.now)));
  });
}

/** Every task of an app gives way to a new one. */
export function restart(id: string): Step {
  return new Step(`every task of ${id} is replaced`, ({ cluster }) => {
    const app = cluster.apps.get(id);
    if (app === undefined) return;
    const copies = app.tasks.length;
    app.tasks = [];
    for (let copy = 0; copy < copies; copy += 1) cluster.launch(app);
  });
}

export function amnesia(): Step {
  return new Step("a new leader has forgotten every check", ({ cluster }) => {
    for (const app of cluster.apps.values()) for (const task of app.tasks) task.alive = null;
  });
}

/** An event about a task that nobody knows makes the source repeat what it knows. */
export function rumour(): Step {
  return new Step("an event tells of an unknown task", async ({ oracle }, rig) => {
    const event = { kind: "task", state: "ended", instance: undefined, at: rig.now } as const;
    await told(oracle, rig, rig.hear({ ...event, task: "stranger.1" }));
  });
}

export function look(): Step {
  return new Step("Marathon is read", (model, rig) => read(model, rig));
}

/** Marathon answers with less than there is. */
export function lie(what: "nothing" | "half"): Step {
  let count = 0;
  const isShown = (): boolean => what === "half" && (count += 1) % 2 === 0;
  return new Step(`Marathon is read and lists ${what} of it`, (model, rig) =>
    read(model, rig, isShown),
  );
}

/** Lists fail until it is mended; the controller is told nothing. */
export function outage(isOver: boolean): Step {
  return new Step(isOver ? "Marathon can be read" : "Marathon cannot be read", ({ cluster }) => {
    cluster.isReadable = isOver;
  });
}

/** An answer that is no list, which must change nothing. */
export function garbage(document: unknown): Step {
  return new Step(`Marathon answers ${JSON.stringify(document)}`, (_model, rig) => {
    assert.equal(rig.list(document), undefined);
  });
}

export function probe(index: number, state: "up" | "down"): Step {
  return new Step(`our probe finds task ${index} ${state}`, ({ cluster, oracle }, rig) => {
    const one = cluster.taskAt(index);
    if (one === undefined) return;
    const address = `${agent}:${one.task.port}`;
    rig.prober.find(address, state);
    oracle.found.set(address, state);
  });
}

export function isolate(): Step {
  return new Step("all our probes fail at once", ({ cluster, oracle }, rig) => {
    for (const { tasks } of cluster.apps.values()) {
      for (const { port } of tasks) {
        rig.prober.find(`${agent}:${port}`, "down");
        oracle.found.set(`${agent}:${port}`, "down");
      }
    }
  });
}

export function file(port: number, copies: number): Step {
  return new Step(`the file lists ${copies} replicas on ${port}`, async ({ oracle }, rig) => {
    const replicas = Array.from({ length: copies }, (_, copy) => replica(`10.0.1.${copy + 1}:80`));
    const services = [service("/file", port, { source: "file", replicas })];
    const confirmedGone = new Set(["task-10.0.1.1:80", "task-10.0.1.2:80", "/file"]);
    const state = { services, problems: [], confirmedGone };
    await said(oracle, rig, { source: "file", state, isList: true });
  });
}

/** Time goes by; a source that the controller asks for another look gives the truth. */
export function pass(ms: number): Step {
  return new Step(`${ms / 1000} s go by`, async (model, rig) => {
    const parts = Math.max(1, Math.min(6, Math.round(ms / 2000)));
    for (let part = 0; part < parts; part += 1) {
      await rig.pass(ms / parts);
      if (rig.marathon.wanted) await read(model, rig);
    }
  });
}

/** After a while without news nothing is held back any more, and the table is the truth. */
export async function assertTruthInTheEnd(model: Model, rig: Rig): Promise<void> {
  model.cluster.isReadable = true;
  for (let round = 0; round < 4; round += 1) {
    await read(model, rig);
    await rig.pass(11_000);
    await settle(model, rig);
  }
  await read(model, rig);
  assert.ok(!model.oracle.isHeld, "a loss is held back for ever");
  assert.ok(!rig.table.problems.some(({ kind }) => kind === "held-back"), "probes are held back");
  const running = [...model.cluster.apps.values()].flatMap(({ tasks }) =>
    tasks.map(({ id }) => id),
  );
  const routed = rig.table.routes.filter(({ source }) => source === "marathon");
  for (const { task } of routed.flatMap(({ replicas }) => replicas)) {
    assert.ok(running.includes(task), `${task} has ended and is in the table`);
  }
}

async function read(
  { cluster, oracle }: Model,
  rig: Rig,
  shown?: (app: ModelApp) => boolean,
): Promise<void> {
  if (!cluster.isReadable) return;
  rig.now += 1;
  const state = rig.list(cluster.document(shown));
  assert.ok(state);
  await said(oracle, rig, { source: "marathon", state, isList: true });
}

/** What an event makes of the last list is told. */
function told(oracle: Oracle, rig: Rig, state: SourceState): Promise<void> {
  return said(oracle, rig, { source: "marathon", state, isList: false });
}

interface Saying {
  readonly source: "marathon" | "file";
  readonly state: SourceState;
  readonly isList: boolean;
}

async function said(oracle: Oracle, rig: Rig, { source, state, isList }: Saying): Promise<void> {
  const before = rig.table;
  rig[source].say(state);
  await rig.turn();
  oracle.look(source, state, { before, after: rig.table, now: rig.now, isList });
}

/** What probes have found reaches the table a moment later. */
async function settle({ oracle }: Model, rig: Rig): Promise<void> {
  rig.controller.stir();
  await rig.turn();
  await rig.pass(20);
  oracle.judged(rig.now);
  oracle.check(rig.table, rig.table.routes);
}

/** Whoever applies every change in order has the table, and nothing is published for nothing. */
function checkPublished({ published, table }: Rig): void {
  const routes = new Map<string, Route>();
  for (const [index, { table: at, changes }] of published.entries()) {
    assert.equal(at.version, index + 1);
    assert.ok(Object.isFrozen(at) && Object.isFrozen(at.routes));
    for (const change of changes) {
      if (change.kind === "removed") routes.delete(change.key);
      else routes.set(change.key, change.after);
    }
  }
  assert.deepEqual(diffRoutes([...routes.values()], table.routes), []);
}

function end({ app, task }: { readonly app: ModelApp; readonly task: ModelTask }): void {
  app.tasks = app.tasks.filter((one) => one !== task);
}

function taskEvent(task: ModelTask, state: "killing" | "ended", at: number) {
  return { kind: "task", state, task: task.id, instance: undefined, at } as const;
}

function isUpOn(route: Route, task: ModelTask): boolean {
  return route.replicas.some((one) => one.task === task.id && one.state === "up");
}
