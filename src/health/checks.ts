import { formatAddress, type Address } from "../model/address.ts";
import type { CheckPolicy } from "../model/check.ts";
import type { Replica } from "../model/replica.ts";
import type { Service } from "../model/service.ts";
import { planOf, type CheckPlan } from "./check-plan.ts";
import type { Checked } from "./checked.ts";
import type { Prober } from "./prober.ts";
import type { ProbeTarget } from "./probes/probe.ts";
import type { Credentials } from "./secrets.ts";

export interface ChecksOptions {
  readonly prober: Pick<Prober, "want" | "of" | "nextIn" | "suspect">;
  /** What applies where a service says nothing itself. */
  readonly defaults: CheckPolicy;
  /** False for addresses that are never connected to, whatever their source says. */
  readonly mayProbe: (address: Address) => boolean;
  /** What a replica that expects a PROXY header of this version is sent first. */
  readonly preface: (version: 1 | 2) => Buffer;
  /** What the replicas of an app want to hear before they answer. */
  readonly credentialsOf: (app: string) => Credentials | undefined;
}

/** What is probed of one replica of one service. */
interface Looked {
  readonly key: string;
  readonly plan: CheckPlan;
}

/** What is probed of a service, as long as neither it nor its secret has changed. */
interface Followed {
  readonly plan: CheckPlan;
  readonly credentials: Credentials | undefined;
  readonly replicas: readonly FollowedReplica[];
}

interface FollowedReplica extends Looked {
  readonly replica: Replica;
  readonly target: ProbeTarget;
  /** Route and address. */
  readonly place: string;
}

/** Which probes the services ask for, and what they found; replicas that are asked the same share one probe. */
export class Checks {
  readonly #options: ChecksOptions;
  #defaults: CheckPolicy;
  #looks = new Map<Replica, Looked>();
  #plans = new Map<Service, CheckPlan>();
  /** Few services change at a time, and those that do are other objects. */
  #followed = new WeakMap<Service, Followed>();
  /** Route and replica → what is probed there, for those who know no more than that. */
  #byAddress = new Map<string, string>();

  constructor(options: ChecksOptions) {
    this.#options = options;
    this.#defaults = options.defaults;
  }

  /** From the next `follow` on, this applies where a service says nothing itself. */
  set defaults(defaults: CheckPolicy) {
    this.#defaults = defaults;
    this.#followed = new WeakMap();
  }

  /** From now on these services are checked, and nothing else is. */
  follow(services: readonly Service[]): void {
    const { prober } = this.#options;
    const targets = new Map<string, ProbeTarget>();
    this.#looks = new Map();
    this.#plans = new Map();
    this.#byAddress = new Map();
    for (const service of services) this.#followService(service, targets);
    prober.want(targets);
  }

  planOf(service: Service): CheckPlan {
    return this.#plans.get(service) ?? planOf(service, this.#defaults);
  }

  /** What probes say of a replica; undefined when it is not probed. */
  of(replica: Replica): Checked | undefined {
    const look = this.#looks.get(replica);
    return look === undefined ? undefined : this.#options.prober.of(look.key);
  }

  /** Time until its next probe, in ms; undefined when it is not probed. */
  nextIn(replica: Replica): number | undefined {
    const look = this.#looks.get(replica);
    return look === undefined ? undefined : this.#options.prober.nextIn(look.key);
  }

  /** What probes say of the replica `host:port` of the route `tcp/1234`. */
  ofAddress(route: string, replica: string): Checked | undefined {
    const key = this.#byAddress.get(`${route} ${replica}`);
    return key === undefined ? undefined : this.#options.prober.of(key);
  }

  /** A connection of this route had trouble with that replica. */
  suspect(route: string, replica: string): void {
    const key = this.#byAddress.get(`${route} ${replica}`);
    if (key !== undefined) this.#options.prober.suspect(key);
  }

  #followService(service: Service, targets: Map<string, ProbeTarget>): void {
    const { plan, replicas } = this.#follow(service);
    this.#plans.set(service, plan);
    for (const { replica, key, target, place } of replicas) {
      targets.set(key, target);
      this.#looks.set(replica, { key, plan });
      this.#byAddress.set(place, key);
    }
  }

  #follow(service: Service): Followed {
    const credentials = this.#options.credentialsOf(service.app);
    const known = this.#followed.get(service);
    if (known !== undefined && known.credentials === credentials) return known;
    const plan = planOf(service, this.#defaults);
    const replicas =
      plan.check.health === "marathon" ? [] : this.#replicas(service, plan, credentials);
    const followed = { plan, credentials, replicas };
    this.#followed.set(service, followed);
    return followed;
  }

  #replicas(
    service: Service,
    plan: CheckPlan,
    credentials: Credentials | undefined,
  ): readonly FollowedReplica[] {
    const { mayProbe, preface } = this.#options;
    const sendProxy = service.policy.sendProxy ?? 0;
    // A secret is part of the question, and must not end up in a name.
    const asker = credentials === undefined ? "" : service.app;
    const question = JSON.stringify([plan.check, sendProxy, asker]);
    const first = sendProxy === 0 ? undefined : preface(sendProxy);
    return service.replicas.flatMap((replica) => {
      const address = { ...replica.address, port: replica.checkPort ?? replica.address.port };
      if (replica.draining || replica.isStarting === true || !mayProbe(address)) return [];
      const key = `${formatAddress(address)} ${question}`;
      const target = { address, check: plan.check, credentials, preface: first };
      const place = `${service.protocol}/${service.port} ${formatAddress(replica.address)}`;
      return [{ replica, key, plan, target, place }];
    });
  }
}
