import type { CheckPolicy } from "../model/check.ts";
import { formatDuration } from "../model/duration.ts";
import type {
  Explanation,
  ServiceExplanation,
  ReplicaExplanation,
  Signal,
} from "../model/explanation.ts";
import type { Problem } from "../model/problem.ts";

/** The answer of `/api/explain/<app>`; a program may rely on its names. */
export function viewExplanation(
  { app, thisHost, services }: Explanation,
  problems: readonly (Problem & { readonly since: number })[],
): object {
  return {
    app,
    thisHost,
    services: services.map((service) => viewService(service)),
    problems: problems
      .filter(({ subject }) => subject === app)
      .map(({ since, ...problem }) => ({ ...problem, since: new Date(since).toISOString() })),
  };
}

function viewService({ isServed, hosts, checkFrom, ...service }: ServiceExplanation): object {
  return {
    key: service.key,
    source: service.source,
    served: isServed,
    ...(hosts === undefined ? {} : { hosts }),
    locality: service.locality ?? null,
    check: { ...viewCheck(service.check), decidedBy: checkFrom },
    replicas: service.replicas.map((replica) => viewReplica(replica)),
  };
}

function viewCheck(check: CheckPolicy): object {
  const { health, kind, path, host, leastStatus, mostStatus, rise, fall } = check;
  const isHttp = kind === "http" || kind === "https";
  const http = isHttp ? { path, host, status: `${leastStatus}-${mostStatus}` } : {};
  return {
    health,
    ...(health === "marathon" ? {} : { kind, ...http }),
    interval: formatDuration(check.intervalMs),
    fastInterval: formatDuration(check.fastIntervalMs),
    timeout: formatDuration(check.timeoutMs),
    rise,
    fall,
  };
}

function viewReplica({
  isIn,
  isLocal,
  since,
  signals,
  nextProbeInMs,
  ...replica
}: ReplicaExplanation): object {
  return {
    ...replica,
    inRotation: isIn,
    onThisHost: isLocal,
    since: new Date(since).toISOString(),
    signals: signals.map((signal) => viewSignal(signal)),
    nextProbeInMs: nextProbeInMs === undefined ? null : Math.round(nextProbeInMs),
  };
}

function viewSignal({ ageMs, ...signal }: Signal): object {
  return { ...signal, ageMs: ageMs === undefined ? null : Math.round(ageMs) };
}
