import type { Checks } from "../health/checks.ts";
import type { Checked } from "../health/checked.ts";
import type { Judgements } from "../health/judgements.ts";
import type { Now } from "../health/verdict.ts";
import { formatAddress } from "../model/address.ts";
import type { Explanation, ReplicaExplanation, ServiceExplanation } from "../model/explanation.ts";
import type { Signal } from "../model/explanation.ts";
import type { Replica } from "../model/replica.ts";
import { serviceKey, type Service } from "../model/service.ts";
import { runsAt } from "../routing/places.ts";
import type { Route, RoutedReplica } from "../routing/table.ts";

/** Why connections avoid a replica, and since when in ms since the epoch. */
interface Ejected {
  readonly reason: string;
  readonly since: number;
}

/** The ejection of the replica `host:port` of the route `tcp/1234`, if there is one. */
type EjectionOf = (key: string, replica: string) => Ejected | undefined;

/** What connections last showed of a replica that was not well, and when, in ms since the epoch. */
type ConnectionWordOf = (
  key: string,
  replica: string,
) => { readonly says: string; readonly reason: string; readonly at: number } | undefined;

/** Where the parts of an explanation are looked up. */
interface Evidence {
  readonly services: readonly Service[];
  readonly routes: readonly Route[];
  readonly judgements: Pick<Judgements, "of">;
  readonly checks: Pick<Checks, "of" | "planOf" | "nextIn">;
  readonly ejection: EjectionOf;
  readonly connections: ConnectionWordOf;
  /** This host, as `placeName` spells it. */
  readonly thisHost: ReadonlySet<string>;
  readonly now: Now;
}

/** What the controller does not know itself. */
export type LiveEvidence = Pick<Evidence, "ejection" | "connections" | "thisHost">;

/** Everything that is known of an app's replicas; undefined when no source lists the app. */
export function explain(app: string, evidence: Evidence): Explanation | undefined {
  const services = evidence.services.filter((service) => service.app === app);
  if (services.length === 0) return undefined;
  return {
    app,
    thisHost: [...evidence.thisHost],
    services: services.map((service) => explainService(service, evidence)),
  };
}

function explainService(service: Service, evidence: Evidence): ServiceExplanation {
  const key = serviceKey(service);
  const route = evidence.routes.find((one) => one.key === key && serves(one, service));
  const plan = evidence.checks.planOf(service);
  return {
    key,
    source: service.source,
    isServed: route !== undefined,
    hosts: route?.hosts,
    locality: route?.policy.locality,
    check: plan.check,
    checkFrom: plan.from,
    replicas: service.replicas.map((replica) =>
      explainReplica(replica, service, { ...evidence, route }),
    ),
  };
}

function serves({ app, source, sharers = [] }: Route, service: Service): boolean {
  return (app === service.app && source === service.source) || sharers.includes(service.app);
}

function explainReplica(
  replica: Replica,
  service: Service,
  evidence: Evidence & { readonly route: Route | undefined },
): ReplicaExplanation {
  const { route, now } = evidence;
  const address = formatAddress(replica.address);
  const routed = route?.replicas.find((one) => one.key === address);
  const ejection = evidence.ejection(serviceKey(service), address);
  // One that stands by has none for as long as it does.
  const weight = routed?.task === replica.task ? routed.weight : replica.weight;
  const { state, reason, since } = standing(routed, replica, ejection);
  return {
    task: replica.task,
    host: replica.host,
    ...(replica.agent === undefined ? {} : { agent: replica.agent }),
    address,
    weight,
    isLocal: runsAt(evidence.thisHost, replica),
    isIn: state === "up" && weight > 0,
    state,
    reason,
    since: since ?? now.wall,
    signals: signalsOf(replica, service, evidence),
    nextProbeInMs: evidence.checks.nextIn(replica),
  };
}

type Standing = Pick<ReplicaExplanation, "state" | "reason"> & { readonly since?: number };

function standing(
  routed: RoutedReplica | undefined,
  { task }: Replica,
  ejection: Ejected | undefined,
): Standing {
  if (routed === undefined) return { state: "down", reason: "its service is not served" };
  if (routed.task !== task) {
    return { state: "down", reason: `task ${routed.task} speaks for this address` };
  }
  if (routed.state === "up" && ejection !== undefined) return { ...ejection, state: "ejected" };
  return routed;
}

function signalsOf(replica: Replica, service: Service, evidence: Evidence): Signal[] {
  const { judgements, checks, connections, now } = evidence;
  const said = judgements.of(service)?.[service.replicas.indexOf(replica)]?.source;
  const word: Signal = {
    from: service.source,
    says: replica.draining ? "draining" : replica.health,
    reason: replica.reason,
    ageMs: said === undefined ? undefined : Math.max(0, now.wall - said.since),
  };
  const checked = checks.of(replica);
  return [
    word,
    ...(checked === undefined ? [] : [probeSignal(checked, now)]),
    connectionSignal(connections(serviceKey(service), formatAddress(replica.address)), now),
  ];
}

function connectionSignal(word: ReturnType<ConnectionWordOf>, now: Now): Signal {
  const from = "connections";
  if (word === undefined) {
    return { from, says: "ok", reason: "no failures in a row", ageMs: undefined };
  }
  const { says, reason, at } = word;
  return { from, says, reason, ageMs: Math.max(0, now.wall - at) };
}

function probeSignal({ state, last, because, against }: Checked, now: Now): Signal {
  const streak = against === 0 ? "" : `; ${against} in a row against it`;
  return {
    from: "probe",
    says: state,
    reason: `${last?.reason ?? because}${streak}`,
    ageMs: last === undefined ? undefined : Math.max(0, now.steady - last.at),
  };
}
