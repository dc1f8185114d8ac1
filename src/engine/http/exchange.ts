import type { Outcome } from "../../model/outcome.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Relay } from "../tcp/relay.ts";
import { reset } from "../tcp/reset.ts";
import { Assignment, type AssignmentUser } from "./assignment.ts";
import { Delivery, type DeliveryUser } from "./delivery.ts";
import type { RawFields } from "./fields.ts";
import type { HttpRoute, RequestGuest } from "./http-route.ts";
import type { Inbound } from "./inbound.ts";
import { RequestStory } from "./request-note.ts";
import { answerOurselves } from "./own-answer.ts";
import { outcomeOfReason, type Refusal } from "./refusal.ts";
import { awaitsContinue, hasBody, isRepeatable } from "./request-facts.ts";
import { formatRequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { Traffic } from "./traffic.ts";
import { openTunnel } from "./tunnel.ts";
import { Watch } from "./watch.ts";
import type { Loss, Upstream } from "./upstream.ts";

export interface ExchangeOptions {
  readonly inbound: Inbound;
  readonly service: HttpRoute;
  /** True when the client's connection may carry another request. */
  readonly mayPersist: () => boolean;
  /** Called once, when nothing more of it will happen; any outcome but `completed` ends the client's connection. */
  readonly ended: (outcome: Outcome) => void;
}

/** What must not be sent twice takes no connection that has idled longer, in ms: the replica may be closing it. */
const freshIdleMs = 1000;

/**
 * One request and its answer. Another replica is tried while the request was not delivered, or may be repeated and
 * nothing of an answer came [rfc9110 §9.2.2].
 */
export class Exchange implements AssignmentUser, DeliveryUser, RequestGuest {
  place: number = -1;
  readonly #options: ExchangeOptions;
  readonly #service: HttpRoute;
  readonly #route: EngineRoute;
  readonly #assignment: Assignment;
  readonly #traffic: Traffic;
  readonly #story: RequestStory;
  readonly #head: string;
  /** Made when somebody first looks: most requests are over before. */
  #watch: Watch | undefined;
  #drainBy = Infinity;
  #delivery: Delivery | undefined;
  #relay: Relay | undefined;
  #retriedLoss = false;
  #response: ResponseHead | undefined;
  /** Whether the replica's connection may carry another request; undefined until the answer is whole. */
  #isClean: boolean | undefined;
  #isOver = false;

  constructor(options: ExchangeOptions) {
    const { inbound, service } = options;
    this.#options = options;
    this.#service = service;
    this.#route = service.route;
    this.#story = new RequestStory(inbound, service);
    const { socket, bytes, ends, own } = inbound.origin;
    this.#traffic = new Traffic(socket, bytes.readBefore);
    this.#assignment = new Assignment({
      service,
      ends,
      own,
      wanted: service.sticky.keyIn(inbound.facts.cookies),
      mostIdleMs: this.#mostIdleMs(),
      user: this,
    });
    this.#head = formatRequestHead(inbound, this.#route.policy);
  }

  start(): void {
    if (!this.#isOver) this.#assignment.seek();
  }

  /** The protocol has been changed; it ends by itself when both sides have closed. */
  get isTunnel(): boolean {
    return this.#relay !== undefined;
  }

  get replica(): EngineReplica | undefined {
    return this.#assignment.replica;
  }

  /** Sets the time, in ms, after which it is cut off because its replica is being drained; Infinity takes it back. */
  drainBy(deadline: number): void {
    this.#drainBy = deadline === Infinity ? Infinity : Math.min(this.#drainBy, deadline);
  }

  /** Its replica is down and its service wants nothing left on such. */
  loseReplica(): void {
    if (this.#assignment.isSeeking) this.#assignment.move();
    else this.refuse({ status: 502, reason: "replica-down" });
  }

  /** Counts what has moved since the last call and ends what stands still or has had its time. */
  check(now: number): void {
    this.#reportBytes();
    if (now >= this.#drainBy) this.cut("drained");
    else if (this.#relay !== undefined) this.#relay.check(now);
    else if (this.#delivery !== undefined) this.#checkStill(now, this.#delivery);
  }

  /** Sends the request by this connection. */
  ask(upstream: Upstream): void {
    const { inbound } = this.#options;
    const { drainDeadline } = this.#service.host;
    this.#delivery = new Delivery({ inbound, service: this.#service, upstream });
    this.#story.connected();
    this.#traffic.follow(upstream.socket);
    if (drainDeadline < Infinity) this.drainBy(drainDeadline);
    this.#delivery.start(this.#head, this);
  }

  /** Answers in the replica's stead, while that can still be done. */
  refuse(refusal: Refusal): void {
    const { answer } = this.#options.inbound;
    if (this.#isOver) return;
    if (this.#isClean !== undefined) {
      this.#complete();
      return;
    }
    if (answer.isBegun) {
      this.cut(outcomeOfReason(refusal.reason));
      return;
    }
    this.#story.status = refusal.status;
    this.#letGo();
    answerOurselves(answer, refusal);
    this.#end(outcomeOfReason(refusal.reason));
  }

  /** Resets the client, so that what it has got cannot be taken for a whole answer, and ends the replica's connection. */
  cut(outcome: Outcome): void {
    if (this.#relay !== undefined) {
      this.#relay.abort(outcome);
      return;
    }
    if (this.#isOver) return;
    reset(this.#options.inbound.origin.socket);
    this.#letGo();
    this.#end(outcome);
  }

  /** The client has gone: the replica learns it at once. */
  abandon(outcome: Outcome): void {
    if (this.#isOver || this.isTunnel) return;
    this.#letGo();
    this.#end(outcome);
  }

  // From here on: what the connection to the replica tells.

  interim(head: ResponseHead): void {
    const { answer, facts } = this.#options.inbound;
    if (head.status === 100) this.#delivery?.invite();
    if (head.status !== 100 || awaitsContinue(facts)) answer.interim(head);
  }

  head(head: ResponseHead, isEmpty: boolean): void {
    const { inbound, mayPersist } = this.#options;
    this.#response = head;
    const closes = this.#route.policy.httpReuse === "close" || !mayPersist();
    const isEarly = this.#delivery?.isUnderWay === true;
    inbound.answer.begin(head, { isEmpty, closes, isEarly, more: this.#answered(head) });
  }

  body(bytes: Buffer, isLast: boolean): void {
    this.#delivery?.write(bytes, isLast);
  }

  whole(trailers: RawFields, isClean: boolean): void {
    const isEarly = this.#delivery?.isUnderWay === true;
    this.#isClean = isClean && !isEarly;
    this.#delivery?.finish(trailers);
    // The rest of a request that is answered early goes on, as long as the replica takes it.
    if (!isEarly) this.#complete();
  }

  switched(head: ResponseHead, rest: Buffer): void {
    const { change, origin } = this.#options.inbound;
    const delivery = this.#delivery;
    if (change === undefined || delivery === undefined) return;
    change.answer.change(head, this.#answered(head));
    this.#relay = openTunnel({
      client: origin.socket,
      upstream: delivery.release(),
      fromClient: change.early.take(),
      fromUpstream: rest,
      service: this.#service,
      ended: (outcome) => this.#tunnelEnded(outcome),
    });
    this.#story.changed();
  }

  /** A kept connection may have ended before it was taken; a new one that ends without a word is tried once more, elsewhere. */
  lost({ flaw, isSilent }: Loss): void {
    const isReused = this.#delivery?.upstream.isReused === true;
    const mayRepeat = this.#mayRepeat;
    if (this.#options.inbound.answer.isBegun || !isSilent) {
      this.refuse({ status: 502, reason: this.#assignment.brokenOff(flaw) });
      return;
    }
    this.#drop();
    if (mayRepeat && isReused) this.#assignment.renew();
    else if (mayRepeat && !this.#retriedLoss) {
      this.#retriedLoss = true;
      this.#assignment.fail("reset");
    } else {
      if (!isReused) this.#assignment.blame("reset");
      this.refuse({ status: 502, reason: "upstream-reset" });
    }
  }

  sent(): void {
    if (this.#isClean !== undefined) this.#complete();
  }

  drained(): void {
    this.#delivery?.drained();
  }

  /** How old a connection the request may take, in ms. */
  #mostIdleMs(): number {
    const { facts, origin } = this.#options.inbound;
    if (!this.#service.reusesUpstreams) return -1;
    if (isRepeatable(facts) && !hasBody(facts)) return Infinity;
    // Nobody expects the first request of a connection to be lost; whoever sends another one on it may have to repeat it.
    return origin.bytes.readBefore === 0 ? -1 : freshIdleMs;
  }

  /** True while sending it again, or elsewhere, can do no harm. */
  get #mayRepeat(): boolean {
    return isRepeatable(this.#options.inbound.facts) && this.#delivery?.hasBegun !== true;
  }

  /** The answer is whole, and nothing more of the request goes on. */
  #complete(): void {
    this.#delivery?.settle(this.replica, this.#isClean === true, this.#response?.idleMs);
    this.#delivery = undefined;
    this.#letGo();
    this.#end("completed");
  }

  #checkStill(now: number, { upstream, isClientsTurn }: Delivery): void {
    this.#watch ??= this.#makeWatch();
    const verdict = this.#watch.look(now, upstream.socket, isClientsTurn);
    if (verdict?.kind === "cut") this.cut(verdict.outcome);
    else if (verdict !== undefined) this.refuse(verdict.refusal);
  }

  #makeWatch(): Watch {
    const { heldFor, limits } = this.#service.host;
    const { clientTimeoutMs, serverTimeoutMs } = this.#route.policy;
    const patience = { clientTimeoutMs, serverTimeoutMs, writeStallMs: limits.writeStallMs };
    return new Watch(this.#options.inbound.origin.socket, patience, heldFor);
  }

  /** The replica has answered; gives the fields that the client gets beside its own. */
  #answered({ status }: ResponseHead): RawFields {
    const { replica } = this;
    this.#story.answered(status);
    if (replica === undefined) return [];
    this.#service.host.heard(replica, undefined);
    return this.#service.answerFields(replica.key, this.#options.inbound.facts.cookies);
  }

  #tunnelEnded(outcome: Outcome): void {
    this.#relay = undefined;
    this.#letGo();
    this.#end(outcome);
  }

  #drop(): void {
    this.#reportBytes();
    this.#delivery?.abandon();
    this.#delivery = undefined;
  }

  #letGo(): void {
    this.#drop();
    this.#assignment.leave();
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#story.over(outcome, this.#assignment);
    this.#options.ended(outcome);
  }

  #reportBytes(): void {
    const { replica } = this;
    if (replica === undefined) return;
    this.#service.host.tally.moved(this.#route.row, replica.row, this.#traffic.take());
  }
}
