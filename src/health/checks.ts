import { formatAddress, type Address } from "../model/address.ts";
import type { CheckPolicy } from "../model/check.ts";
import type { Replica } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";
import { Askers } from "./askers.ts";
import { planOf, type CheckPlan } from "./check-plan.ts";
import type { Checked } from "./checked.ts";
import type { Prober, Watched } from "./prober.ts";
import { questionOf, type Question } from "./question.ts";
import type { Credentials } from "./secrets.ts";

export interface ChecksOptions {
  readonly prober: Pick<Prober, "want" | "watched" | "nextIn" | "suspect">;
  /** What applies where a service says nothing itself. */
  readonly defaults: CheckPolicy;
  /** False for addresses that are never connected to, whatever their source says. */
  readonly mayProbe: (address: Address) => boolean;
  /** What a replica that expects a PROXY header of this version is sent first. */
  readonly preface: (version: 1 | 2) => Buffer;
  /** What the replicas of an app want to hear before they answer. */
  readonly credentialsOf: (app: string) => Credentials | undefined;
}

/** What is asked of a service, as long as neither it, nor its secret, nor the defaults have changed. */
interface Asked {
  readonly defaults: CheckPolicy;
  readonly credentials: Credentials | undefined;
  readonly plan: CheckPlan;
  /** In the order of its replicas; undefined for those that are not probed. */
  readonly questions: readonly (Question | undefined)[];
}

/** What is asked of a service, and where the answers are. */
interface Followed extends Asked {
  readonly watched: readonly (Watched | undefined)[];
  readonly byAddress: ReadonlyMap<string, Watched>;
}

/**
 * Which probes the services ask for, and what they found; replicas that are asked the same share one probe. Few services
 * change at a time, and those that do are other objects: the work is that of the change.
 */
export class Checks {
  readonly #options: ChecksOptions;
  #defaults: CheckPolicy;
  readonly #followed = new Map<Service, Followed>();
  readonly #byReplica = new Map<Replica, Watched>();
  /** Route → the services that claim it. */
  readonly #byRoute = new Map<string, Set<Followed>>();
  readonly #askers = new Askers();

  constructor(options: ChecksOptions) {
    this.#options = options;
    this.#defaults = options.defaults;
  }

  /** From the next `follow` on, this applies where a service says nothing itself. */
  set defaults(defaults: CheckPolicy) {
    this.#defaults = defaults;
  }

  /** From now on these services are checked, and nothing else is. */
  follow(services: readonly Service[]): void {
    const next = new Set(services);
    const left = [...this.#followed].filter(
      ([service, followed]) => !next.has(service) || !this.#holds(service, followed),
    );
    for (const [service, followed] of left) this.#forget(service, followed);
    const fresh = services.filter((service) => !this.#followed.has(service));
    const asked = fresh.map((service) => [service, this.#ask(service)] as const);
    this.#watch(
      left.map(([, followed]) => followed),
      asked.map(([, what]) => what),
    );
    for (const [service, what] of asked) this.#remember(service, what);
  }

  planOf(service: Service): CheckPlan {
    return this.#followed.get(service)?.plan ?? planOf(service, this.#defaults);
  }

  /**
   * Where to find what is known of each replica of a service, in their order; undefined for one that is not probed. It
   * is the same array for as long as the same is asked.
   */
  watchedOf(service: Service): readonly (Watched | undefined)[] {
    return this.#followed.get(service)?.watched ?? nobody;
  }

  /** What probes say of a replica; undefined when it is not probed. */
  of(replica: Replica): Checked | undefined {
    return this.#byReplica.get(replica)?.checked;
  }

  /** Time until its next probe, in ms; undefined when it is not probed. */
  nextIn(replica: Replica): number | undefined {
    const watched = this.#byReplica.get(replica);
    return watched === undefined ? undefined : this.#options.prober.nextIn(watched.key);
  }

  /** What probes say of the replica `host:port` of the route `tcp/1234`. */
  ofAddress(route: string, replica: string): Checked | undefined {
    return this.#at(route, replica)?.checked;
  }

  /** A connection of this route had trouble with that replica. */
  suspect(route: string, replica: string): void {
    const watched = this.#at(route, replica);
    if (watched !== undefined) this.#options.prober.suspect(watched.key);
  }

  #at(route: string, replica: string): Watched | undefined {
    for (const { byAddress } of this.#byRoute.get(route) ?? []) {
      const watched = byAddress.get(replica);
      if (watched !== undefined) return watched;
    }
    return undefined;
  }

  #holds({ app }: Service, { defaults, credentials }: Followed): boolean {
    return defaults === this.#defaults && credentials === this.#options.credentialsOf(app);
  }

  #forget(service: Service, followed: Followed): void {
    this.#followed.delete(service);
    for (const replica of service.replicas) this.#byReplica.delete(replica);
    const route = serviceKey(service);
    const claimants = this.#byRoute.get(route);
    claimants?.delete(followed);
    if (claimants?.size === 0) this.#byRoute.delete(route);
  }

  /** Takes the questions that are no longer asked out of the prober's hands, and gives it those that are new or renewed. */
  #watch(left: readonly Asked[], asked: readonly Asked[]): void {
    const { wanted, dropped } = this.#askers.exchange(questionsOf(left), questionsOf(asked));
    this.#options.prober.want(wanted, dropped);
  }

  #remember(service: Service, asked: Asked): void {
    const { prober } = this.#options;
    const watched = asked.questions.map((question) =>
      question === undefined ? undefined : prober.watched(question.key),
    );
    const byAddress = new Map<string, Watched>();
    for (const [index, replica] of service.replicas.entries()) {
      const one = watched[index];
      if (one === undefined) continue;
      this.#byReplica.set(replica, one);
      byAddress.set(formatAddress(replica.address), one);
    }
    const followed = { ...asked, watched, byAddress };
    this.#followed.set(service, followed);
    const route = serviceKey(service);
    const claimants = this.#byRoute.get(route);
    if (claimants === undefined) this.#byRoute.set(route, new Set([followed]));
    else claimants.add(followed);
  }

  #ask(service: Service): Asked {
    const credentials = this.#options.credentialsOf(service.app);
    const plan = planOf(service, this.#defaults);
    const isTheirs = plan.check.health === "marathon";
    const questions = isTheirs ? [] : this.#questions(service, plan, credentials);
    return { defaults: this.#defaults, credentials, plan, questions };
  }

  #questions(
    service: Service,
    plan: CheckPlan,
    credentials: Credentials | undefined,
  ): readonly (Question | undefined)[] {
    const { mayProbe, preface } = this.#options;
    const sendProxy = service.policy.sendProxy ?? 0;
    // A secret is part of the question, and must not end up in a name.
    const asker = credentials === undefined ? "" : service.app;
    const question = `${questionOf(plan.check)} ${sendProxy} ${asker}`;
    const owner = `${service.name}:${service.port}`;
    const first = sendProxy === 0 ? undefined : preface(sendProxy);
    return service.replicas.map((replica) => {
      const address = { ...replica.address, port: replica.checkPort ?? replica.address.port };
      if (replica.draining || replica.isStarting === true || !mayProbe(address)) return undefined;
      const target = { address, check: plan.check, service: owner, credentials, preface: first };
      return { key: `${formatAddress(address)} ${question}`, target };
    });
  }
}

/** What is known of a service that is not followed. */
const nobody: readonly undefined[] = Object.freeze([]);

function questionsOf(asked: readonly Asked[]): Question[] {
  return asked.flatMap(({ questions }) => questions.filter((one) => one !== undefined));
}
