import type { AccessRecord, AccessRequest, AccessSink } from "../model/access.ts";
import type { Address } from "../model/address.ts";
import type { Outcome } from "../model/outcome.ts";
import type { EngineReplica } from "./route.ts";
import type { Tally } from "./tally.ts";

/** Longest texts of a request that are noted, in characters. */
const [longestMethod, longest] = [32, 1024];

/** What a connection or a request knows of itself when it ends; times by `performance.now()`. */
export interface Ended {
  readonly frontend: string;
  /** The row that counts its connections. */
  readonly row: number;
  /** Undefined when it was refused before it was known which service it is for. */
  readonly service: string | undefined;
  readonly replica: EngineReplica | undefined;
  readonly client: Address;
  readonly startedAt: number;
  /** Undefined when it did not come to that. */
  readonly connectedAt: number | undefined;
  readonly answeredAt: number | undefined;
  readonly moved: { readonly received: number; readonly sent: number };
  readonly outcome: Outcome;
  readonly retries: number;
  readonly request: AccessRequest | undefined;
}

/** Notes the end of a connection or a request for the access log. */
export function noteAccess(sink: AccessSink, ended: Ended, tally: Tally): void {
  const { row, replica, startedAt, connectedAt, answeredAt, request } = ended;
  const record: AccessRecord = {
    frontend: ended.frontend,
    service: ended.service,
    replica: replica?.key,
    client: ended.client,
    startedAt,
    connectMs: between(startedAt, connectedAt),
    responseMs: between(connectedAt, answeredAt),
    totalMs: between(startedAt, performance.now()),
    received: ended.moved.received,
    sent: ended.moved.sent,
    outcome: ended.outcome,
    retries: ended.retries,
    load: {
      process: tally.processLoad,
      service: tally.serviceLoad(row),
      replica: replica === undefined ? 0 : tally.loadOf(replica.row),
    },
    request: request === undefined ? undefined : bounded(request),
  };
  sink.note(record);
}

function between(from: number | undefined, to: number | undefined): number {
  return from === undefined || to === undefined ? -1 : Math.round(to - from);
}

function bounded({ method, target, host, version, status }: AccessRequest): AccessRequest {
  const noted = {
    method: method.slice(0, longestMethod),
    target: target.slice(0, longest),
    host: host.slice(0, longest),
    version,
    status,
  };
  const isWhole =
    method.length <= longestMethod && target.length <= longest && host.length <= longest;
  return isWhole ? noted : { ...noted, truncated: method.length + target.length + host.length };
}
