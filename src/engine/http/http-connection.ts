import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Outcome } from "../../model/outcome.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Arrival, Served, Stillness } from "../tcp/connection-host.ts";
import { reset } from "../tcp/reset.ts";
import { addresseeOf } from "./addressee.ts";
import { ServerAnswer } from "./answer.ts";
import { arrive } from "./arrival.ts";
import { EarlyBytes } from "./early-bytes.ts";
import { Exchange } from "./exchange.ts";
import type { HttpHost, ParserListener } from "./http-host.ts";
import { IdleClock, mostSilent } from "./idle-clock.ts";
import { originOf, type Origin } from "./inbound.ts";
import { answerOurselves, ownAnswerText } from "./own-answer.ts";
import { refusalOfFault } from "./parser-fault.ts";
import { countRefusal, noteUnfinished, type Outset } from "./request-note.ts";
import { judge, type Accepted, type Refusal } from "./refusal.ts";
import { RequestQueue, type Pending } from "./request-queue.ts";
import { factsOf, isChunked, type RequestFacts } from "./request-facts.ts";
import { SocketAnswer } from "./socket-answer.ts";
import { whenTaken } from "./taken.ts";

/** How long a client may take to close after our last word, in ms. */
const lingerMs = 2000;

/** One accepted client connection in HTTP mode: its requests one by one, in order, each on a replica of its own. */
export class HttpConnection implements Served, ParserListener {
  place: number = -1;
  readonly #client: Socket;
  readonly #host: HttpHost;
  readonly #route: EngineRoute;
  readonly #startedAt = performance.now();
  readonly #clock: IdleClock;
  readonly #queue = new RequestQueue();
  /** Undefined until it is known whose it is. */
  #origin: Origin | undefined;
  #current: Exchange | undefined;
  #fault: Refusal | undefined;
  #outcome: Outcome | undefined;
  /** Our last word has been said. */
  #isEnding = false;
  #isClosed = false;

  /** Takes over the client; one whose ends are known has told them already. */
  constructor({ client, ends: known }: Arrival, route: EngineRoute, host: HttpHost) {
    this.#client = client;
    this.#route = route;
    this.#host = host;
    this.#clock = new IdleClock(client, host.service.heldFor);
    client.on("error", () => {
      this.#outcome ??= "client-reset";
    });
    client.once("end", () => this.#clientEnded());
    client.once("close", () => this.#clientClosed());
    arrive(client, {
      host: host.service,
      route,
      ends: known,
      arrived: (ends) => this.#arrived(ends),
      turnedAway: (outcome) => this.abort(outcome),
    });
  }

  /** The replica its present request is on, or on its way to. */
  get replica(): EngineReplica | undefined {
    return this.#current?.replica;
  }

  /** Sets the time, in ms, after which its request is cut off because its replica is being drained; Infinity takes it back. */
  drainBy(deadline: number): void {
    this.#current?.drainBy(deadline);
  }

  /** The replica of its request is down and its service wants nothing left on such. */
  loseReplica(): void {
    this.#current?.loseReplica();
  }

  /**
   * Its port serves no longer: it ends when its requests are answered. Between two, that is now, which a client has to
   * expect; one that has asked nothing yet may have its first request on the way, and is given the time to say it.
   */
  retire(): void {
    if (this.#isIdle && this.#clock.isSilent && this.#queue.hasBegun) this.#endAfterAnswers();
  }

  /** Counts what has moved since the last call and ends what stands still or has had its time. */
  check(now: number): void {
    if (this.#current !== undefined) this.#current.check(now);
    else if (this.#client.writableLength > 0) this.#checkStall(now);
    else this.#checkIdle(now);
  }

  /** Undefined while a replica has to answer, and its client to take nothing. */
  stillness(now: number): Stillness | undefined {
    const forMs = this.#clock.stillFor(now);
    if (this.#client.writableLength > 0) return { forMs, isHolding: true };
    return this.#isIdle ? { forMs: this.#clock.idleFor(now), isHolding: false } : undefined;
  }

  /** Resets the client, and ends what is done for it. */
  abort(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#current?.cut(outcome);
    reset(this.#client);
  }

  request(message: IncomingMessage, response: ServerResponse): void {
    this.#take({ message, answer: new ServerAnswer(message, response), change: undefined });
  }

  change(message: IncomingMessage, first: Buffer): void {
    // Nobody asks for a change before the answers to what it asked before.
    if (!this.#isIdle) {
      this.abort("client-gone");
      return;
    }
    const answer = new SocketAnswer(this.#client);
    this.#take({ message, answer, change: { answer, early: new EarlyBytes(this.#client, first) } });
  }

  fault(error: Error): void {
    const refusal = refusalOfFault(error);
    if (this.#fault !== undefined || refusal === undefined) return;
    this.#fault = refusal;
    const isAtFault = this.#queue.broken();
    if (this.#isIdle) this.#answerFault(refusal);
    else if (isAtFault) this.#current?.refuse(refusal);
  }

  get #isIdle(): boolean {
    return this.#current === undefined && this.#queue.length === 0;
  }

  #arrived(ends: Endpoints): void {
    this.#origin = originOf({ socket: this.#client, ends, route: this.#route }, this.#host);
    this.#clock.restart();
    this.#host.parse(this.#client, this);
  }

  #take(pending: Pending): void {
    if (this.#isEnding || this.#fault !== undefined) return;
    if (this.#isIdle && this.#client.writableLength === 0) {
      this.#serve(pending);
      return;
    }
    // One request at a time: what a client sends ahead waits, most of it in the kernel.
    this.#queue.push(pending);
    this.#queue.holdBack(this.#client);
    if (this.#current === undefined && this.#queue.length === 1) this.#next();
  }

  #serve(pending: Pending): void {
    const facts = factsOf(pending.message);
    this.#queue.begin(pending);
    const judgement = judge(pending.message, facts);
    if (judgement.kind === "refused") this.#refuse(pending, judgement.refusal);
    else this.#exchange(pending, facts, judgement.request);
  }

  #exchange(pending: Pending, facts: RequestFacts, accepted: Accepted): void {
    const { message, answer, change } = pending;
    const origin = this.#origin;
    if (origin === undefined) return;
    const addressee = addresseeOf(accepted, origin.ends.source.host, this.#host);
    if (addressee.kind === "refused") {
      this.#refuse(pending, addressee.refusal);
      return;
    }
    const { service, guests } = addressee;
    const exchange = new Exchange({
      inbound: { message, answer, change, origin, facts, accepted },
      service,
      mayPersist: () => this.#host.isServing,
      ended: (outcome) => {
        guests?.delete(exchange);
        this.#isEnding = outcome !== "completed" || answer.isLast;
        this.#exchangeEnded(outcome);
      },
    });
    guests?.add(exchange);
    this.#current = exchange;
    // What came in one piece with the head is parsed first, so that a body that is malformed there reaches nobody. Ticks
    // are too early: they run between one call of the parser and the next [node: MakeCallback].
    if (isChunked(facts)) setImmediate(() => exchange.start());
    else exchange.start();
  }

  #exchangeEnded(outcome: Outcome): void {
    this.#current = undefined;
    this.#origin?.bytes.restart();
    if (outcome !== "completed" || this.#isClosed) this.#outcome ??= outcome;
    if (this.#isClosed) this.#finish();
    // What is reset or closed has a `close` on its way.
    else if (!this.#client.destroyed) {
      this.#queue.answered(this.#clock);
      this.#next();
    }
  }

  /**
   * Serves the next request, if any, once the answer before it is with the kernel: the platform keeps back what is answered
   * sooner, and our own last words and the end of the connection would go past it.
   */
  #next(): void {
    const isOwed = !this.#isEnding && this.#queue.length > 0;
    if (isOwed && this.#client.writableLength > 0) {
      whenTaken(this.#client, () => this.#next());
      return;
    }
    const next = isOwed ? this.#queue.shift() : undefined;
    // With nothing left to hold back the client is read again, or its leaving would go unnoticed.
    if (this.#queue.length === 0) this.#client.resume();
    if (next !== undefined) {
      this.#serve(next);
      return;
    }
    this.#clock.restart();
    if (this.#fault !== undefined) this.#answerFault(this.#fault);
    else if (!this.#host.isServing && !this.#isEnding) this.#endAfterAnswers();
  }

  #refuse({ answer, message }: Pending, refusal: Refusal): void {
    this.#isEnding = true;
    this.#clock.restart();
    // Nobody knows where a request ends whose framing is in doubt.
    if (refusal.reason === "bad-framing") answer.loseRequest();
    answerOurselves(answer, refusal);
    const outcome = countRefusal(this.#outset, refusal, factsOf(message));
    this.#outcome ??= outcome;
  }

  /** Says what was wrong with something that was no request. */
  #answerFault(refusal: Refusal): void {
    if (this.#isEnding) return;
    this.#client.write(ownAnswerText(refusal), "latin1");
    const outcome = countRefusal(this.#outset, refusal);
    this.#outcome ??= outcome;
    this.#endAfterAnswers();
  }

  get #outset(): Outset {
    const { headSince: startedAt } = this.#clock;
    return { host: this.#host, route: this.#route, origin: this.#origin, startedAt };
  }

  /** The client leaves: what it said of a request, if anything, was not whole. */
  #noteUnfinished(): void {
    if (this.#isEnding || !this.#isIdle || this.#clock.isSilent) return;
    noteUnfinished(this.#outset, this.#outcome ?? "client-gone");
  }

  #endAfterAnswers(): void {
    this.#isEnding = true;
    this.#clock.restart();
    this.#client.end();
  }

  #checkStall(now: number): void {
    const { writeStallMs } = this.#host.service.limits;
    if (this.#clock.hasStalled(now, writeStallMs)) this.abort("write-stall");
    this.#clock.restart();
  }

  #checkIdle(now: number): void {
    if (this.#isEnding || this.#queue.isHalfRead) {
      // What is left of a request is read for nothing, but as long as it comes.
      if (!this.#isEnding && !this.#clock.isSilent) this.#clock.restart();
      if (this.#clock.idleFor(now) >= lingerMs) this.#client.destroy();
      return;
    }
    const silentMs = mostSilent(this.#route.policy, this.#host.isServing);
    const verdict = this.#clock.look(now, silentMs, this.#host.service.limits.requestHeadMs);
    if (verdict === "slow-head") this.#answerFault({ status: 408, reason: "client-timeout" });
    if (verdict !== "silent") return;
    if (!this.#queue.hasBegun) this.#outcome ??= "idle-timeout";
    this.#endAfterAnswers();
  }

  /** A client that ends its side while it is owed an answer has gone, as far as anybody can tell. */
  #clientEnded(): void {
    if (this.#current === undefined) {
      this.#noteUnfinished();
      if (!this.#isIdle) this.#outcome ??= "client-gone";
      this.#endAfterAnswers();
    } else if (!this.#current.isTunnel) {
      this.#outcome ??= "client-gone";
      this.#client.destroy();
    }
  }

  #clientClosed(): void {
    this.#isClosed = true;
    this.#noteUnfinished();
    this.#queue.clear();
    this.#origin?.own.close();
    this.#host.forget(this.#client);
    if (this.#current === undefined) this.#finish();
    else this.#current.abandon(this.#outcome ?? "client-gone");
  }

  #finish(): void {
    const { service } = this.#host;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    service.tally.closed(this.#route.row, this.#outcome ?? "completed", seconds);
    service.ended(this);
  }
}
