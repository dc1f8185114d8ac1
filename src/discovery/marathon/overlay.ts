import { instanceOf, type MarathonEvent, type TaskEvent } from "./events.ts";
import { isEnded } from "./task-health.ts";
import type { WireApp, WireTask } from "./wire.ts";

interface Mark {
  /** When the event reached us, on the caller's monotonic clock (ms). */
  readonly heardAt: number;
  /** Marathon's own time of the event (ms since the epoch). */
  readonly happenedAt: number | undefined;
}

interface TaskMark extends Mark {
  readonly state: TaskEvent["state"];
}

/** When a list or an app was asked for, and when it was there. */
interface Read {
  readonly begunAt: number;
  readonly now: number;
}

interface AppMark extends Mark {
  /** When an event said that the app may exist again. */
  readonly backAt: number | undefined;
}

const keepMs = 600_000;
const mostMarks = 50_000;
/** Reads lag behind events by less than this; a list asked for later than that knows better than the event did. */
const lagMs = 10_000;

/**
 * What events have said that the list of apps does not show yet: tasks being killed or gone, apps gone. Reads may
 * be stale [marathon §3.4], so a mark stays until a fetch begun after its event agrees, at most 10 minutes.
 * All times are ms on one monotonic clock of the caller.
 */
export class Overlay {
  readonly #tasks = new Map<string, TaskMark>();
  readonly #instances = new Map<string, TaskMark>();
  readonly #apps = new Map<string, AppMark>();
  readonly #gone = new Map<string, number>();
  #listed: readonly WireApp[] = [];
  /** Instance → its tasks, of each app that is listed. */
  readonly #tasksOf = new WeakMap<WireApp, ReadonlyMap<string, readonly string[]>>();

  /** Takes note of an event; true when the view has changed. */
  note(event: MarathonEvent, now: number): boolean {
    switch (event.kind) {
      case "task":
        return this.#noteTask(event, now);
      case "app-gone":
        remember(this.#apps, event.app, { heardAt: now, happenedAt: event.at, backAt: undefined });
        remember(this.#gone, event.app, now);
        return true;
      case "app-back":
        this.#noteBack((app) => app === event.app, now);
        return false;
      case "group-changed":
        this.#noteBack((app) => isInGroup(app, event.group), now);
        return false;
      case "attached":
      case "changed":
        return false;
    }
  }

  /** The apps as they were last read. */
  get listed(): readonly WireApp[] {
    return this.#listed;
  }

  /** Takes note of a list that was asked for at `begunAt`, and lets go of every mark that it confirms. */
  settle(apps: readonly WireApp[], begunAt: number, now: number): void {
    this.#listed = apps;
    this.#bindInstances(begunAt);
    for (const [instance, { heardAt }] of this.#instances) {
      // A list asked for later has tasks of its own to tell, perhaps the instance's next incarnation.
      if (heardAt < begunAt) this.#instances.delete(instance);
    }
    this.#noteEnded(apps, now);
    const read = { begunAt, now };
    const listed = this.#tasks.size === 0 ? undefined : this.#listedTasks(apps);
    for (const id of this.#tasks.keys()) this.#settleTask(id, listed?.get(id), read);
    const byId = this.#apps.size === 0 ? undefined : new Map(apps.map((app) => [app.id, app]));
    for (const id of this.#apps.keys()) this.#settleApp(id, byId?.get(id), read);
  }

  /**
   * Takes note of some apps that were asked for at `begunAt`, in place of what the list had of them. Marks of what
   * they do not show are kept: only a list tells what is not there.
   */
  settleSome(apps: readonly WireApp[], begunAt: number, now: number): void {
    const read = new Map(apps.map((app) => [app.id, app]));
    this.#listed = this.#listed.map((app) => read.get(app.id) ?? app);
    this.#bindInstances(begunAt);
    this.#noteEnded(apps, now);
    for (const [id, task] of this.#listedTasks(apps)) this.#settleTask(id, task, { begunAt, now });
    for (const [id, app] of read) this.#settleApp(id, app, { begunAt, now });
  }

  /** The list as the events since then make it; an app that nothing was said about stays the same object. */
  view(): readonly WireApp[] {
    if (this.#tasks.size === 0 && this.#apps.size === 0) return this.#listed;
    return this.#listed.filter((app) => !this.#apps.has(app.id)).map((app) => this.#marked(app));
  }

  /** Ids of tasks and apps that were reported gone in the last 10 minutes, the newest 50,000. */
  gone(now: number): ReadonlySet<string> {
    for (const [id, at] of this.#gone) {
      if (now - at <= keepMs) break;
      this.#gone.delete(id);
    }
    return new Set(this.#gone.keys());
  }

  #noteTask(event: TaskEvent, now: number): boolean {
    const mark = { state: event.state, heardAt: now, happenedAt: event.at };
    const ids = new Set(event.task === undefined ? [] : [event.task]);
    if (event.instance !== undefined) {
      for (const id of this.#knownTasks(event.instance)) ids.add(id);
      // A list that is on its way may name tasks of this instance that we have not seen yet.
      remember(this.#instances, event.instance, mark);
    }
    for (const id of ids) this.#markTask(id, mark);
    return ids.size > 0;
  }

  #markTask(id: string, mark: TaskMark): void {
    if (mark.state === "ended") remember(this.#gone, id, mark.heardAt);
    // Events come in no promised order: what has ended is not being killed any more.
    else if (this.#tasks.get(id)?.state === "ended") return;
    remember(this.#tasks, id, mark);
  }

  #noteBack(concerns: (app: string) => boolean, now: number): void {
    for (const [app, mark] of this.#apps) {
      if (concerns(app)) this.#apps.set(app, { ...mark, backAt: now });
    }
  }

  #knownTasks(instance: string): readonly string[] {
    return this.#listed.flatMap((app) => this.#instancesOf(app).get(instance) ?? []);
  }

  #instancesOf(app: WireApp): ReadonlyMap<string, readonly string[]> {
    const known = this.#tasksOf.get(app);
    if (known !== undefined) return known;
    const ids = app.tasks?.map(({ id }) => id) ?? [];
    const instances = Map.groupBy(ids, instanceOf);
    this.#tasksOf.set(app, instances);
    return instances;
  }

  #bindInstances(begunAt: number): void {
    for (const [instance, mark] of this.#instances) {
      if (mark.heardAt < begunAt) continue;
      for (const id of this.#knownTasks(instance)) this.#markTask(id, mark);
    }
  }

  #noteEnded(apps: readonly WireApp[], now: number): void {
    for (const { tasks } of apps) {
      for (const { id, state } of tasks ?? []) if (isEnded(state)) remember(this.#gone, id, now);
    }
  }

  /** The tasks of these apps that events have said something of. */
  #listedTasks(apps: readonly WireApp[]): ReadonlyMap<string, WireTask> {
    const listed = new Map<string, WireTask>();
    for (const { tasks } of apps) {
      for (const task of tasks ?? []) if (this.#tasks.has(task.id)) listed.set(task.id, task);
    }
    return listed;
  }

  #settleTask(id: string, task: WireTask | undefined, { begunAt, now }: Read): void {
    const mark = this.#tasks.get(id);
    if (mark === undefined) return;
    const isConfirmed = mark.heardAt < begunAt && isShown(task, mark.state);
    if (isConfirmed || now - mark.heardAt > keepMs) this.#tasks.delete(id);
    else if (isOutvoted(task, mark, begunAt)) this.#takeBack(this.#tasks, id);
  }

  #settleApp(id: string, app: WireApp | undefined, { begunAt, now }: Read): void {
    const mark = this.#apps.get(id);
    if (mark === undefined) return;
    const isConfirmed = mark.heardAt < begunAt && app === undefined;
    if (isConfirmed || now - mark.heardAt > keepMs) this.#apps.delete(id);
    else if (isBack(app, mark, begunAt)) this.#takeBack(this.#apps, id);
  }

  #takeBack(marks: Map<string, Mark>, id: string): void {
    marks.delete(id);
    this.#gone.delete(id);
  }

  #marked(app: WireApp): WireApp {
    const { tasks } = app;
    if (tasks === undefined || !tasks.some(({ id }) => this.#tasks.has(id))) return app;
    const left = tasks.filter(({ id }) => this.#tasks.get(id)?.state !== "ended");
    return { ...app, tasks: left.map((task) => (this.#tasks.has(task.id) ? killing(task) : task)) };
  }
}

function remember<T>(marks: Map<string, T>, id: string, mark: T): void {
  // Set anew, so that the order of the map is the order of the events and the oldest goes first.
  marks.delete(id);
  marks.set(id, mark);
  if (marks.size <= mostMarks) return;
  const [oldest] = marks.keys();
  if (oldest !== undefined) marks.delete(oldest);
}

function killing(task: WireTask): WireTask {
  return isEnded(task.state) ? task : { ...task, state: "TASK_KILLING" };
}

/** True when the list itself says what the event said. */
function isShown(task: WireTask | undefined, state: TaskEvent["state"]): boolean {
  if (task === undefined || isEnded(task.state)) return true;
  return state === "killing" && task.state === "TASK_KILLING";
}

function isOutvoted(task: WireTask | undefined, mark: TaskMark, begunAt: number): boolean {
  return isRelaunched(task, mark) || isContradicted(task, mark, begunAt);
}

/**
 * Events come in no promised order and may be wrong [marathon §3.4]: a task that a much later list has as alive has
 * not ended. One that is being killed may be listed as running until it is dead, where killing is not announced.
 */
function isContradicted(task: WireTask | undefined, mark: TaskMark, begunAt: number): boolean {
  const isAlive = task !== undefined && !isEnded(task.state);
  return mark.state === "ended" && isAlive && begunAt - mark.heardAt > lagMs;
}

/** [marathon ≤1.4: resident tasks] A task id can be launched again; its start then lies after the event. */
function isRelaunched(task: WireTask | undefined, { happenedAt }: Mark): boolean {
  if (task === undefined || happenedAt === undefined) return false;
  return Math.max(task.stagedAt ?? 0, task.startedAt ?? 0) > happenedAt;
}

/** True when the app was put back by an event before this list was begun, when the list is much later, or the app younger. */
function isBack(app: WireApp | undefined, mark: AppMark, begunAt: number): boolean {
  if (app === undefined) return false;
  if (mark.backAt !== undefined && mark.backAt < begunAt) return true;
  if (begunAt - mark.heardAt > lagMs) return true;
  return mark.happenedAt !== undefined && app.configuredAt > mark.happenedAt;
}

function isInGroup(app: string, group: string): boolean {
  return group === "/" || app === group || app.startsWith(`${group}/`);
}
