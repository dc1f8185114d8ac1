import { asksRole, type CheckPolicy } from "../model/check.ts";
import { unchecked, weigh, type Checked } from "./checked.ts";
import type { CheckFigures, ProbeFigures } from "../model/figures.ts";
import { DueQueue } from "./due-queue.ts";
import { ProbeTally } from "./probe-tally.ts";
import type { Probe, ProbeResult, ProbeTarget } from "./probes/probe.ts";
import { StallWatch } from "./stall-watch.ts";

export interface ProberOptions {
  readonly probe: Probe;
  readonly random: () => number;
  /** Probes under way at the same time; more wait. */
  readonly mostAtOnce: number;
  /** Told when a target came up or went down. */
  readonly changed: (key: string) => void;
}

/** A target that is probed, for as long as it is wanted. */
export interface Watched {
  readonly key: string;
  /** What is known of it now. */
  readonly checked: Checked;
}

interface Target extends Watched {
  target: ProbeTarget;
  checked: Checked;
  /** Aborts the probe under way; undefined while there is none. */
  life: AbortController | undefined;
  /** True when a connection had trouble since the probe under way began. */
  isSuspected: boolean;
  startedAt: number;
  /** When it is probed next, in ms; entries of the queue that say otherwise are stale. */
  dueAt: number;
}

/** Few enough to be probed at once when they are new; more are spread. */
const mostAtFirst = 64;

/** However long the interval, a new target waits no longer than this for its first probe, in ms. */
const longestSpreadMs = 2000;

/** Suspicion is followed up at most this often, in ms. */
const suspicionMs = 100;

const none: ReadonlySet<string> = new Set();

/**
 * Probes a changing set of targets, each on its own beat and never twice at once. Intervals are drawn a little short,
 * so that many hosts and many targets do not move in step. Nothing waits for a slow one. Times are of `performance.now()`.
 */
export class Prober implements AsyncDisposable {
  readonly #options: ProberOptions;
  readonly #watched = new Map<string, Target>();
  readonly #due = new DueQueue<Target>();
  readonly #stalls = new StallWatch();
  readonly #tally = new ProbeTally();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** What probes of each kind have taken since the start. */
  figures(): ProbeFigures[] {
    return this.#tally.figures();
  }

  /** What has been found for each service that is probed. */
  figuresByService(): CheckFigures[] {
    return this.#tally.figuresByService();
  }

  /** True while some target has not been probed once. */
  get hasUnasked(): boolean {
    return this.#watched.values().some(({ checked }) => checked.state === "unchecked");
  }

  get targetCount(): number {
    return this.#watched.size;
  }

  /** Probes these from now on, beside those it has, and leaves others alone; what was known before keeps what is known of it. */
  want(targets: ReadonlyMap<string, ProbeTarget>, left: ReadonlySet<string> = none): void {
    for (const key of left) this.#leave(key);
    const fresh = [...targets].filter(([key]) => !this.#watched.has(key));
    for (const [key, target] of targets) {
      const watched = this.#watched.get(key);
      if (watched !== undefined) this.#renew(watched, target, targets.size);
    }
    for (const [key, target] of fresh) this.#watch(key, target, fresh.length);
    if (left.size > 0) this.#tally.keep(this.#services());
    this.#run();
  }

  /** A target, with what is known of it now and later; undefined when it is not one. */
  watched(key: string): Watched | undefined {
    return this.#watched.get(key);
  }

  /** Time until the next probe of a target, in ms; 0 while one is under way. */
  nextIn(key: string): number {
    const watched = this.#watched.get(key);
    if (watched === undefined || watched.life !== undefined) return 0;
    return Math.max(0, watched.dueAt - performance.now());
  }

  /** A connection had trouble there: it is probed now rather than when its time comes. */
  suspect(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    // What is being found out may be older than the trouble.
    if (watched.life !== undefined) watched.isSuspected = true;
    else this.#followUp(watched);
    this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    for (const key of this.#watched.keys()) this.#leave(key);
    clearTimeout(this.#timer);
    this.#stalls[Symbol.dispose]();
    await Promise.all(this.#underWay);
  }

  #followUp(watched: Target): void {
    watched.isSuspected = false;
    this.#schedule(watched, Math.max(performance.now(), watched.startedAt + suspicionMs));
  }

  #services(): ReadonlySet<string> {
    return new Set(Array.from(this.#watched.values(), ({ target: { service = "" } }) => service));
  }

  #leave(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    this.#watched.delete(key);
    watched.dueAt = Infinity;
    watched.life?.abort();
  }

  /** The question is the same, but a secret may be another one, or how often it is asked. */
  #renew(watched: Target, target: ProbeTarget, amongRenewed: number): void {
    const isSooner = usual(target.check) < usual(watched.target.check);
    watched.target = target;
    if (!isSooner || watched.life !== undefined) return;
    const dueAt = this.#firstAt(target, amongRenewed);
    if (dueAt < watched.dueAt) this.#schedule(watched, dueAt);
  }

  #watch(key: string, target: ProbeTarget, amongNew: number): void {
    const watched: Target = {
      key,
      target,
      checked: unchecked,
      life: undefined,
      isSuspected: false,
      startedAt: -Infinity,
      dueAt: Infinity,
    };
    this.#watched.set(key, watched);
    this.#schedule(watched, this.#firstAt(target, amongNew));
  }

  /** When to ask one of so many targets that begin together. */
  #firstAt({ check }: ProbeTarget, among: number): number {
    const spreadMs = among <= mostAtFirst ? 0 : Math.min(longestSpreadMs, usual(check));
    return performance.now() + spreadMs * this.#options.random();
  }

  #schedule(watched: Target, dueAt: number): void {
    watched.dueAt = dueAt;
    this.#due.add(watched, dueAt);
  }

  /** Starts what is due, as far as there is room, and sets the clock for the rest. */
  #run(): void {
    clearTimeout(this.#timer);
    if (this.#disposed) return;
    const now = performance.now();
    while (this.#underWay.size < this.#options.mostAtOnce) {
      const next = this.#due.take(now);
      if (next === undefined) break;
      if (next.dueAt === next.item.dueAt && next.item.life === undefined)
        this.#start(next.item, now);
    }
    const waits = this.#due.nextAt - now;
    const hasRoom = this.#underWay.size < this.#options.mostAtOnce;
    // Without room, the end of a probe goes on from here.
    if (hasRoom && waits < Infinity)
      this.#timer = setTimeout(() => this.#run(), Math.max(1, waits));
  }

  #start(watched: Target, now: number): void {
    const life = new AbortController();
    watched.life = life;
    watched.startedAt = now;
    const probing = this.#ask(watched, life.signal);
    this.#underWay.add(probing);
    // A probe never rejects, so neither does this.
    void probing.finally(() => {
      this.#underWay.delete(probing);
      this.#run();
    });
  }

  async #ask(watched: Target, signal: AbortSignal): Promise<void> {
    this.#take(watched, await this.#options.probe(watched.target, signal));
  }

  #take(watched: Target, found: ProbeResult): void {
    watched.life = undefined;
    if (this.#watched.get(watched.key) !== watched) return;
    const isLate = found.kind === "bad" && this.#stalls.stalledSince(watched.startedAt);
    const result: ProbeResult = isLate ? { kind: "void", reason: "we stood still" } : found;
    const before = watched.checked;
    const { check } = watched.target;
    const now = performance.now();
    this.#tally.count(watched.target, result, now - watched.startedAt);
    watched.checked = weigh(before, result, { rise: check.rise, fall: check.fall, now });
    const interval = nextInterval(check, watched.checked, result);
    // Drawn between 80 and 95 %, so that the configured interval is a promise and not an average.
    const drawn = interval * (0.8 + 0.15 * this.#options.random());
    this.#schedule(watched, Math.max(now, watched.startedAt + drawn));
    if (watched.isSuspected) this.#followUp(watched);
    if (watched.checked.state !== before.state) this.#options.changed(watched.key);
  }
}

function nextInterval(check: CheckPolicy, checked: Checked, result: ProbeResult): number {
  const isChanging = checked.against > 0 || result.kind === "void";
  return isChanging ? fast(check) : usual(check);
}

/** The interval while nothing changes: a change of roles is nothing that connections could notice, only asking often finds it. */
function usual(check: CheckPolicy): number {
  return asksRole(check.kind) ? fast(check) : check.intervalMs;
}

function fast({ fastIntervalMs, intervalMs }: CheckPolicy): number {
  return Math.min(fastIntervalMs, intervalMs);
}
