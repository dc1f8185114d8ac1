import type { HealthMode } from "../model/check.ts";
import { formatDuration } from "../model/duration.ts";
import type { Problem } from "../model/problem.ts";
import type { Replica } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";
import type { Checked } from "./checked.ts";
import type { Checks } from "./checks.ts";
import { expiryOf, judge, type Now, type Verdict } from "./verdict.ts";
import { confirmMs, WaveGuard, type Failing, type Wave } from "./wave-guard.ts";

/** What was said of a service's replicas, in their order, and what it was said of. */
interface Judged {
  /** What each replica is called here. */
  readonly ids: readonly string[];
  readonly watched: ReturnType<Checks["watchedOf"]>;
  /** What probes said then. */
  readonly seen: readonly (Checked | undefined)[];
  readonly verdicts: readonly Verdict[];
  /** When time alone will change some of it, in ms of the steady clock. */
  readonly expiresAt: number;
}

/** Remembers what was said of every replica, and says what is to be said of it now. */
export class Judgements {
  readonly #checks: Pick<Checks, "watchedOf" | "planOf">;
  readonly #guard: WaveGuard | undefined;
  #judged: ReadonlyMap<Service, Judged> = new Map();
  readonly #byId = new Map<string, Verdict>();
  #wave: Wave | undefined;
  /** How many replicas each source calls down without being believed. */
  readonly #doubted = new Map<string, number>();

  /** `guarded` doubts that most replicas fail at once, or are said to by a source that our probes contradict. */
  constructor(checks: Pick<Checks, "watchedOf" | "planOf">, guarded: boolean) {
    this.#checks = checks;
    this.#guard = guarded ? new WaveGuard() : undefined;
  }

  /** Judges every replica of these services of which anything is new; what is not among them is forgotten. */
  judge(services: readonly Service[], now: Now): void {
    const hadWave = this.#wave !== undefined;
    this.#wave = this.#guard?.take(...this.#failing(services), now.steady);
    const isAnew = hadWave || this.#wave !== undefined;
    this.#doubted.clear();
    const judged = new Map<Service, Judged>();
    for (const service of services) {
      const before = this.#judged.get(service);
      const holds = before !== undefined && !isAnew && this.#holds(service, before, now);
      judged.set(service, holds ? before : this.#judge(service, before, now));
    }
    this.#remember(judged);
  }

  /**
   * The verdicts on the replicas of a service judged last, in their order; undefined for another one. It is the same
   * array for as long as none of them changes.
   */
  of(service: Service): readonly Verdict[] | undefined {
    return this.#judged.get(service)?.verdicts;
  }

  /** The services as they were judged last, with what is remembered of replicas that their source knows nothing of now. */
  remembering(services: readonly Service[], now: Now): readonly Service[] {
    return services.map((service) => {
      if (!service.replicas.some(({ health }) => health === "unknown")) return service;
      const replicas = service.replicas.map((replica) => {
        const known = this.#byId.get(idOf(service, replica))?.known;
        if (known === undefined || replica.health !== "unknown") return replica;
        const at = now.wall - (now.steady - known.at);
        return { ...replica, lastKnown: { health: known.health, at } };
      });
      const isSame = replicas.every((replica, index) => replica === service.replicas[index]);
      return isSame ? service : { ...service, replicas };
    });
  }

  /** True while failures are held back, so that time alone may change a verdict. */
  get doubtful(): boolean {
    return this.#wave !== undefined;
  }

  /** True while a source's word is doubted, so that another look of it is wanted. */
  doubts(source: string): boolean {
    return this.#doubted.has(source);
  }

  get problems(): readonly Problem[] {
    if (this.#wave === undefined) return [];
    const { held, of } = this.#wave;
    const forTime = `held back for ${formatDuration(confirmMs)}`;
    const problems: Problem[] = [];
    let unheard = held.size;
    for (const [source, count] of this.#doubted) {
      unheard -= count;
      const reason = `${source} calls ${count} of ${of} replicas down at once that our probes find well: ${forTime}`;
      problems.push({ kind: "held-back", subject: source, reason });
    }
    if (unheard === 0) return problems;
    const reason = `${unheard} of ${of} replicas fail their probes at once: ${forTime}, as it may be this host that lost its network`;
    return [...problems, { kind: "held-back", subject: "probes", reason }];
  }

  /** The replicas that are said not to work by somebody who looked, and how many others that are probed are in use. */
  #failing(services: readonly Service[]): readonly [failing: readonly Failing[], inUse: number] {
    const failing: Failing[] = [];
    let inUse = 0;
    for (const service of services) {
      const { health } = this.#checks.planOf(service).check;
      const before = this.#judged.get(service)?.verdicts;
      for (const [index, watched] of this.#checks.watchedOf(service).entries()) {
        const replica = service.replicas[index];
        if (watched === undefined || replica === undefined) continue;
        const wasUp = isUp(before?.[index] ?? this.#byId.get(idOf(service, replica)));
        const failure = failureOf(watched.checked, replica, health);
        if (failure !== undefined) failing.push({ id: idOf(service, replica), wasUp, ...failure });
        else if (wasUp) inUse += 1;
      }
    }
    return [failing, inUse];
  }

  /** True when a look at a service could find nothing new. */
  #holds(service: Service, { watched, seen, expiresAt }: Judged, now: Now): boolean {
    if (watched !== this.#checks.watchedOf(service) || now.steady > expiresAt) return false;
    return watched.every((one, index) => saysSame(one?.checked, seen[index]));
  }

  #judge(service: Service, before: Judged | undefined, now: Now): Judged {
    const watched = this.#checks.watchedOf(service);
    const { check } = this.#checks.planOf(service);
    const seen = watched.map((one) => one?.checked);
    const ids = before?.ids ?? service.replicas.map((replica) => idOf(service, replica));
    const verdicts = service.replicas.map((replica, index) => {
      const id = ids[index] ?? "";
      const checked = seen[index];
      const isHeld = this.#wave?.held.has(id) === true;
      const heldBack = isHeld ? this.#doubt(service, replica, checked) : undefined;
      return judge({ replica, checked, check, heldBack }, this.#byId.get(id), now);
    });
    const isSame = before?.verdicts.every((verdict, index) => verdict === verdicts[index]) === true;
    const expiresAt = Math.min(...verdicts.map(expiryOf));
    return { ids, watched, seen, expiresAt, verdicts: isSame ? before.verdicts : verdicts };
  }

  /** Why the failure of a replica is not believed. */
  #doubt({ source }: Service, { reason }: Replica, checked: Checked | undefined): string {
    if (checked?.state === "down") return `held up: most probes fail at once; ${checked.because}`;
    this.#doubted.set(source, (this.#doubted.get(source) ?? 0) + 1);
    return `held up: ${source} calls most down at once; ${reason}`;
  }

  #remember(judged: ReadonlyMap<Service, Judged>): void {
    for (const [service, { ids }] of this.#judged) {
      if (!judged.has(service)) for (const id of ids) this.#byId.delete(id);
    }
    for (const [service, { ids, verdicts }] of judged) {
      if (this.#judged.get(service)?.verdicts === verdicts) continue;
      for (const [index, verdict] of verdicts.entries()) this.#byId.set(ids[index] ?? "", verdict);
    }
    this.#judged = judged;
  }
}

function isUp(verdict: Verdict | undefined): boolean {
  return verdict?.state === "up";
}

/** What speaks against a replica, and whether it is to be doubted when it is said of most; undefined when nothing does. */
function failureOf(
  checked: Checked,
  { health }: Replica,
  mode: HealthMode,
): Pick<Failing, "isDoubtful"> | undefined {
  const isCalledDown = mode === "both" && health === "down";
  if (checked.state === "down") return { isDoubtful: checked.isSilent && !isCalledDown };
  return isCalledDown ? { isDoubtful: checked.state === "up" } : undefined;
}

/** True when both lead to the same verdict. */
function saysSame(one: Checked | undefined, other: Checked | undefined): boolean {
  return (
    one === other ||
    (one?.state === other?.state &&
      one?.because === other?.because &&
      one?.isDecided === other?.isDecided)
  );
}

function idOf(service: Service, replica: Replica): string {
  return `${service.source} ${replica.task} ${serviceKey(service)}`;
}
