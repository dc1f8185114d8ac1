import type { Outcome } from "../../model/outcome.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Relay } from "../tcp/relay.ts";
import { reset } from "../tcp/reset.ts";
import { Assignment } from "./assignment.ts";
import { Download } from "./download.ts";
import type { RawFields } from "./fields.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Inbound } from "./inbound.ts";
import { RequestStory } from "./request-note.ts";
import { answerOurselves } from "./own-answer.ts";
import { outcomeOfReason, type Refusal } from "./refusal.ts";
import { awaitsContinue, hasBody, isChunked, isRepeatable } from "./request-facts.ts";
import { formatRequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { Traffic } from "./traffic.ts";
import { openTunnel } from "./tunnel.ts";
import { Upload } from "./upload.ts";
import { Watch } from "./watch.ts";
import type { Loss, Upstream, UpstreamUser } from "./upstream.ts";

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
export class Exchange implements UpstreamUser {
  readonly #options: ExchangeOptions;
  readonly #service: HttpRoute;
  readonly #route: EngineRoute;
  readonly #assignment: Assignment;
  readonly #watch: Watch;
  readonly #traffic: Traffic;
  readonly #story: RequestStory;
  readonly #head: string;
  #drainBy = Infinity;
  #upstream: Upstream | undefined;
  #upload: Upload | undefined;
  #download: Download | undefined;
  #relay: Relay | undefined;
  #retriedLoss = false;
  #response: ResponseHead | undefined;
  #isOver = false;

  constructor(options: ExchangeOptions) {
    const { inbound, service } = options;
    this.#options = options;
    this.#service = service;
    this.#route = service.route;
    this.#story = new RequestStory(inbound, service);
    const { writeStallMs } = service.host.limits;
    this.#traffic = new Traffic(inbound.socket, inbound.bytes.readBefore);
    this.#watch = new Watch(inbound.socket, { ...this.#route.policy, writeStallMs });
    this.#assignment = new Assignment({
      service,
      ends: inbound.ends,
      wanted: service.sticky.keyIn(inbound.facts.cookies),
      mostIdleMs: this.#mostIdleMs(),
      ready: (upstream) => this.#ask(upstream),
      failed: (refusal) => this.refuse(refusal),
    });
    this.#head = formatRequestHead({ ...inbound, ...service.forwarding });
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
    else if (this.#upstream !== undefined) this.#checkStill(now, this.#upstream);
  }

  /** Answers in the replica's stead, while that can still be done. */
  refuse(refusal: Refusal): void {
    const { answer } = this.#options.inbound;
    if (this.#isOver) return;
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
    reset(this.#options.inbound.socket);
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
    if (head.status === 100) this.#upload?.invite();
    if (head.status !== 100 || awaitsContinue(facts)) answer.interim(head);
  }

  head(head: ResponseHead, isEmpty: boolean): void {
    const { inbound, mayPersist } = this.#options;
    this.#response = head;
    const closes = this.#route.policy.httpReuse === "close" || !mayPersist();
    inbound.answer.begin(head, { isEmpty, closes, more: this.#answered(head) });
  }

  body(bytes: Buffer, isLast: boolean): void {
    this.#download?.write(bytes, isLast);
  }

  whole(trailers: RawFields, isClean: boolean): void {
    const upstream = this.#upstream;
    this.#reportBytes();
    this.#upstream = undefined;
    this.#download?.finish(trailers);
    if (upstream !== undefined) this.#keep(upstream, isClean);
    this.#letGo();
    this.#end("completed");
  }

  switched(head: ResponseHead, rest: Buffer): void {
    const { change, socket } = this.#options.inbound;
    const upstream = this.#upstream;
    if (change === undefined || upstream === undefined) return;
    change.answer.change(head, this.#answered(head));
    this.#relay = openTunnel({
      client: socket,
      upstream: upstream.release(),
      fromClient: change.early.take(),
      fromUpstream: rest,
      service: this.#service,
      ended: (outcome) => this.#tunnelEnded(outcome),
    });
    this.#story.changed();
  }

  /** A kept connection may have ended before it was taken; a new one that ends without a word is tried once more, elsewhere. */
  lost({ flaw, isSilent }: Loss): void {
    const isReused = this.#upstream?.isReused === true;
    const mayRepeat = this.#mayRepeat;
    if (this.#options.inbound.answer.isBegun || !isSilent) {
      this.refuse({ status: 502, reason: this.#assignment.brokenOff(flaw) });
      return;
    }
    this.#dropUpstream();
    if (mayRepeat && isReused) this.#assignment.renew();
    else if (mayRepeat && !this.#retriedLoss) {
      this.#retriedLoss = true;
      this.#assignment.fail("reset");
    } else {
      if (!isReused) this.#assignment.blame("reset");
      this.refuse({ status: 502, reason: "upstream-reset" });
    }
  }

  drained(): void {
    this.#upload?.drained();
  }

  /** How old a connection the request may take, in ms. */
  #mostIdleMs(): number {
    const { facts } = this.#options.inbound;
    if (!this.#service.reusesUpstreams) return -1;
    return isRepeatable(facts) && !hasBody(facts) ? Infinity : freshIdleMs;
  }

  /** True while sending it again, or elsewhere, can do no harm. */
  get #mayRepeat(): boolean {
    return isRepeatable(this.#options.inbound.facts) && this.#upload?.hasBegun !== true;
  }

  #ask(upstream: Upstream): void {
    const { answer, change, facts, message } = this.#options.inbound;
    const { host } = this.#service;
    const { socket } = upstream;
    this.#upstream = upstream;
    this.#story.connected();
    this.#download = new Download({ answer, upstream: socket, meter: host.meter });
    this.#traffic.follow(socket);
    if (host.drainDeadline < Infinity) this.drainBy(host.drainDeadline);
    const question = { isHead: facts.method === "HEAD", isUpgrade: change !== undefined };
    upstream.ask(this.#head, question, this);
    if (!hasBody(facts)) return;
    this.#upload = new Upload({
      message,
      upstream: socket,
      isChunked: isChunked(facts),
      awaitsWord: awaitsContinue(facts),
      meter: host.meter,
    });
  }

  /** An answer that came before the request was all sent leaves a connection on which nothing else can be asked. */
  #keep(upstream: Upstream, isClean: boolean): void {
    const { replica } = this;
    const isSent = this.#upload === undefined || this.#upload.isDone;
    if (replica !== undefined && isClean && isSent && this.#service.reusesUpstreams) {
      upstream.free();
      this.#service.pool.put(replica, upstream, this.#response?.idleMs);
    } else upstream.destroy();
  }

  #checkStill(now: number, { socket }: Upstream): void {
    const verdict = this.#watch.look(now, socket, this.#upload?.isClientsTurn === true);
    if (verdict?.kind === "cut") this.cut(verdict.outcome);
    else if (verdict !== undefined) this.refuse(verdict.refusal);
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
    this.#reportBytes();
    this.#relay = undefined;
    this.#letGo();
    this.#end(outcome);
  }

  #dropUpstream(): void {
    this.#reportBytes();
    this.#upload?.detach();
    this.#upload = undefined;
    this.#upstream?.destroy();
    this.#upstream = undefined;
  }

  #letGo(): void {
    this.#dropUpstream();
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
