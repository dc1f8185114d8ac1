import { formatDuration } from "../model/duration.ts";
import type { Problem } from "../model/problem.ts";
import type { Replica } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";
import type { Checks } from "./checks.ts";
import { judge, type Now, type Signals, type Verdict } from "./verdict.ts";
import { confirmMs, WaveGuard, type Probed, type Wave } from "./wave-guard.ts";

/** Remembers what was said of every replica, and says what is to be said of it now. */
export class Judgements {
  readonly #checks: Pick<Checks, "of" | "planOf">;
  readonly #guard: WaveGuard | undefined;
  #verdicts = new Map<string, Verdict>();
  #byReplica = new Map<Replica, Verdict>();
  #wave: Wave | undefined;
  /** What the replicas of a service are called here, in their order. */
  readonly #idsOf = new WeakMap<Service, readonly string[]>();

  /** `guarded` doubts that most replicas fail at once. */
  constructor(checks: Pick<Checks, "of" | "planOf">, guarded: boolean) {
    this.#checks = checks;
    this.#guard = guarded ? new WaveGuard() : undefined;
  }

  /** Judges every replica of these services anew; what is not among them is forgotten. */
  judge(services: readonly Service[], now: Now): void {
    this.#wave = this.#guard?.take(this.#probed(services), now.steady);
    const verdicts = new Map<string, Verdict>();
    const byReplica = new Map<Replica, Verdict>();
    for (const service of services) {
      const ids = this.#ids(service);
      const mode = this.#checks.planOf(service).check.health;
      for (const [index, replica] of service.replicas.entries()) {
        const id = ids[index] ?? "";
        const verdict = judge(this.#signals(id, replica, mode), this.#verdicts.get(id), now);
        verdicts.set(id, verdict);
        byReplica.set(replica, verdict);
      }
    }
    this.#verdicts = verdicts;
    this.#byReplica = byReplica;
  }

  /** The verdict on a replica of the services judged last. */
  of(replica: Replica): Verdict | undefined {
    return this.#byReplica.get(replica);
  }

  /** True while failures are held back, so that time alone may change a verdict. */
  get doubtful(): boolean {
    return this.#wave !== undefined;
  }

  get problems(): readonly Problem[] {
    if (this.#wave === undefined) return [];
    const { held, of } = this.#wave;
    const reason = `${held.size} of ${of} replicas fail their probes at once: held back for ${formatDuration(confirmMs)}, as it may be this host that lost its network`;
    return [{ kind: "held-back", subject: "probes", reason }];
  }

  #signals(id: string, replica: Replica, mode: Signals["mode"]): Signals {
    const checked = this.#checks.of(replica);
    const isHeld = this.#wave?.held.has(id) === true;
    const heldBack = isHeld ? `held up: most probes fail at once; ${checked?.because}` : undefined;
    return { replica, checked, mode, heldBack };
  }

  #probed(services: readonly Service[]): Probed[] {
    const probed: Probed[] = [];
    for (const service of services) {
      const ids = this.#ids(service);
      for (const [index, replica] of service.replicas.entries()) {
        const checked = this.#checks.of(replica);
        if (checked === undefined || checked.state === "unchecked") continue;
        const id = ids[index] ?? "";
        const wasUp = this.#verdicts.get(id)?.state === "up";
        const isDown = checked.state === "down";
        probed.push({ id, isDown, isDecided: checked.isDecided, wasUp });
      }
    }
    return probed;
  }

  #ids(service: Service): readonly string[] {
    const known = this.#idsOf.get(service);
    if (known !== undefined) return known;
    const ids = service.replicas.map((replica) => idOf(service, replica));
    this.#idsOf.set(service, ids);
    return ids;
  }
}

function idOf(service: Service, replica: Replica): string {
  return `${service.source} ${replica.task} ${serviceKey(service)}`;
}
