import type { AccessRequest } from "../../model/access.ts";
import type { Outcome } from "../../model/outcome.ts";
import { noteAccess, type Ended } from "../access-note.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { PortHost } from "../tcp/connection-host.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Inbound } from "./inbound.ts";
import type { RequestFacts } from "./request-facts.ts";

/** What happened to one request: it is counted when it is over, and noted at its end where its service wants that. */
export class RequestStory {
  readonly #inbound: Inbound;
  readonly #service: HttpRoute;
  /** The service as it was when the request came. */
  readonly #route: EngineRoute;
  readonly #startedAt = performance.now();
  #connectedAt: number | undefined;
  #answeredAt: number | undefined;
  /** The last replica it was on. */
  #replica: EngineReplica | undefined;
  #isCounted = false;
  /** Of the answer; 0 before there is one. */
  status: number = 0;

  constructor(inbound: Inbound, service: HttpRoute) {
    this.#inbound = inbound;
    this.#service = service;
    this.#route = service.route;
  }

  connected(): void {
    this.#connectedAt = performance.now();
  }

  answered(status: number): void {
    this.status = status;
    this.#answeredAt = performance.now();
  }

  /** The protocol has been changed: as a request it is over, however long what follows may take. */
  changed(status: number): void {
    this.answered(status);
    this.#count();
  }

  left(replica: EngineReplica | undefined): void {
    this.#replica = replica ?? this.#replica;
  }

  over(outcome: Outcome, retries: number, moved: Ended["moved"]): void {
    if (!this.#isCounted) this.#count();
    const { access, tally } = this.#service.host;
    const { row, key, policy } = this.#route;
    const { facts, ends, frontend } = this.#inbound;
    if (access === undefined || !policy.accessLog) return;
    const ended = {
      outcome,
      retries,
      moved,
      frontend,
      row,
      service: key,
      replica: this.#replica,
      client: ends.source,
      startedAt: this.#startedAt,
      connectedAt: this.#connectedAt,
      answeredAt: this.#answeredAt,
      request: requestOf(facts, this.status),
    };
    noteAccess(access, ended, tally);
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

/** What was refused before it was known which service it is for. */
interface Refused {
  /** Undefined when nobody knows whose it was. */
  readonly ends: Endpoints | undefined;
  /** Undefined when no request was understood. */
  readonly facts: RequestFacts | undefined;
  readonly status: number;
  readonly outcome: Outcome;
}

/** Notes what came to a port and went no further. */
export function noteRefusal({ access, tally }: PortHost, port: EngineRoute, told: Refused): void {
  const { ends, facts, status, outcome } = told;
  if (access === undefined || ends === undefined || !port.policy.accessLog) return;
  const ended = {
    frontend: port.key,
    row: port.row,
    service: undefined,
    replica: undefined,
    client: ends.source,
    startedAt: performance.now(),
    connectedAt: undefined,
    answeredAt: undefined,
    moved: { received: 0, sent: 0 },
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

/** HAProxy's own word for a request it could not read. */
function badRequest(status: number): AccessRequest {
  return { method: "<BADREQ>", target: "", host: "", version: "", status };
}
