import { unreadRequest, type AccessRequest } from "../../model/access.ts";
import type { Outcome } from "../../model/outcome.ts";
import { noteAccess } from "../access-note.ts";
import type { EngineRoute } from "../route.ts";
import type { Assignment } from "./assignment.ts";
import type { HttpHost } from "./http-host.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Inbound, Origin } from "./inbound.ts";
import { outcomeOfReason, type Refusal } from "./refusal.ts";
import type { RequestFacts } from "./request-facts.ts";

/** Which replicas a request was on. */
export type Tries = Pick<Assignment, "lastTried" | "retries">;

/** What happened to one request: it is counted when it is over, and noted at its end where its service wants that. */
export class RequestStory {
  readonly #inbound: Inbound;
  readonly #service: HttpRoute;
  /** The service as it was when the request came. */
  readonly #route: EngineRoute;
  readonly #startedAt = performance.now();
  #connectedAt: number | undefined;
  #answeredAt: number | undefined;
  #isCounted = false;
  /** Of the answer; 0 before there is one. */
  status: number = 0;

  constructor(inbound: Inbound, service: HttpRoute) {
    this.#inbound = inbound;
    this.#service = service;
    this.#route = service.route;
    if (this.#isLogged) inbound.origin.bytes.answer();
  }

  connected(): void {
    this.#connectedAt = performance.now();
  }

  answered(status: number): void {
    this.status = status;
    this.#answeredAt = performance.now();
  }

  /** The protocol has been changed: as a request it is over, however long what follows may take. */
  changed(): void {
    this.#count();
  }

  over(outcome: Outcome, { lastTried: replica, retries }: Tries): void {
    if (!this.#isCounted) this.#count();
    const { access, tally } = this.#service.host;
    const { row, key } = this.#route;
    if (access === undefined || !this.#isLogged) return;
    const { facts, origin } = this.#inbound;
    const { ends, frontend, bytes } = origin;
    const ended = {
      outcome,
      retries,
      moved: bytes.moved,
      frontend,
      row,
      service: key,
      replica,
      client: ends.source,
      startedAt: this.#startedAt,
      connectedAt: this.#connectedAt,
      answeredAt: this.#answeredAt,
      request: requestOf(facts, this.status),
    };
    noteAccess(access, ended, tally);
  }

  get #isLogged(): boolean {
    return this.#service.host.access !== undefined && this.#route.policy.accessLog;
  }

  #count(): void {
    this.#isCounted = true;
    const { method } = this.#inbound.facts;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#service.host.requests?.answered(
      this.#route.row,
      { method, status: this.status },
      seconds,
    );
  }
}

/** Where something was said that went no further. */
export interface Outset {
  readonly host: HttpHost;
  /** Of the port it came to. */
  readonly route: EngineRoute;
  /** Undefined when nobody knows whose it was. */
  readonly origin: Origin | undefined;
  /** By `performance.now()`; undefined when it was refused at once. */
  readonly startedAt: number | undefined;
}

/** Counts and notes what was refused before it was known which service it is for, once it is answered; gives its outcome. */
export function countRefusal(
  outset: Outset,
  { status, reason }: Refusal,
  facts?: RequestFacts,
): Outcome {
  const outcome = outcomeOfReason(reason);
  outset.host.requests?.answered(outset.route.row, { method: facts?.method ?? "", status }, 0);
  note(outset, { facts, status, outcome });
  return outcome;
}

/** Notes what a client said of a request before it left. */
export function noteUnfinished(outset: Outset, outcome: Outcome): void {
  note(outset, { facts: undefined, status: 0, outcome });
}

interface Told {
  /** Undefined when no request was understood. */
  readonly facts: RequestFacts | undefined;
  /** 0 when the client left before an answer. */
  readonly status: number;
  readonly outcome: Outcome;
}

function note({ host, route, origin, startedAt }: Outset, { facts, status, outcome }: Told): void {
  const { access, tally } = host.service;
  if (access === undefined || origin === undefined || !route.policy.accessLog) return;
  const ended = {
    frontend: route.key,
    row: route.row,
    service: undefined,
    replica: undefined,
    client: origin.ends.source,
    startedAt: startedAt ?? performance.now(),
    connectedAt: undefined,
    answeredAt: undefined,
    moved: origin.bytes.moved,
    outcome,
    retries: 0,
    request: facts === undefined ? badRequest(status) : requestOf(facts, status),
  };
  noteAccess(access, ended, tally);
}

function requestOf(
  { method, target, hosts, isModern }: RequestFacts,
  status: number,
): AccessRequest {
  const version = isModern ? "HTTP/1.1" : "HTTP/1.0";
  return { method, target, host: hosts[0] ?? "", version, status };
}

function badRequest(status: number): AccessRequest {
  return { method: unreadRequest, target: "", host: "", version: "", status };
}
