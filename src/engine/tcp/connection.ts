import type { Socket } from "node:net";
import { outcomeOfDial, type DialFailure, type Outcome } from "../../model/outcome.ts";
import { formatHeader } from "../proxy-protocol/format.ts";
import type { Endpoints, Header } from "../proxy-protocol/header.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Arrival, ConnectionHost, Stillness } from "./connection-host.ts";
import { noteConnection } from "./connection-note.ts";
import { CountedBytes } from "./counted-bytes.ts";
import { Dial, type DialResult } from "./dial.ts";
import { addressMatters, whyNot } from "./entry.ts";
import { ignore } from "./ignore.ts";
import type { Intake } from "./intake.ts";
import { Lookout } from "./lookout.ts";
import { readPreface } from "./preface.ts";
import { Relay, type RelayUser } from "./relay.ts";
import { reset } from "./reset.ts";
import { socketEnds } from "./socket-ends.ts";
import type { Waiter } from "./waiting-line.ts";

/** A replica that held a connection this long has shown that it works, in ms. */
const provenMs = 1000;

/**
 * One accepted TCP connection from its first byte to its last: PROXY header, access, pick, dial, relay. The client's
 * own bytes are not read before a replica is connected: they wait in the kernel, and no failed attempt can lose them.
 */
export class Connection implements RelayUser, Waiter {
  place: number = -1;
  readonly #client: Socket;
  readonly #intake: Intake | undefined;
  readonly #frontend: string;
  readonly #route: EngineRoute;
  readonly #host: ConnectionHost;
  readonly #startedAt = performance.now();
  readonly #tried: EngineReplica[] = [];
  #endpoints: Endpoints | undefined;
  #dialingSince = 0;
  #waiting = false;
  #lookout: Lookout | undefined;
  #retriedReset = false;
  #replica: EngineReplica | undefined;
  #dialing: Dial | undefined;
  #relay: Relay | undefined;
  #relayedSince = 0;
  #proven = false;
  #outcome: Outcome | undefined;
  #drainBy = Infinity;
  readonly #counted = new CountedBytes();

  /** Takes over the client; one whose ends are known has told them already. */
  constructor(
    { client, intake, ends, frontend }: Arrival,
    route: EngineRoute,
    host: ConnectionHost,
  ) {
    this.#client = client;
    this.#intake = intake;
    // For the log they are asked for now: a closed socket cannot tell any more.
    this.#endpoints = ends ?? (route.policy.accessLog ? socketEnds(client) : undefined);
    this.#frontend = frontend ?? route.key;
    this.#route = route;
    this.#host = host;
    // A client that resets while we dial is noticed when it is read; until then there is nothing to do.
    client.on("error", ignore);
    // Here and where it is relayed `on` stands for what comes once anyway: `once` makes three objects more for each.
    client.on("close", () => {
      // With a relay, the relay decides; without one, nobody is left to connect for.
      if (this.#relay === undefined) this.ended(this.#outcome ?? "client-gone");
    });
    if (route.policy.acceptProxy && ends === undefined) this.#readHeader();
    else this.#enter();
  }

  /** The replica it is on, or on its way to. */
  get replica(): EngineReplica | undefined {
    return this.#replica;
  }

  /** Sets the time, in ms, after which it is reset because its replica is being drained; Infinity takes it back. */
  drainBy(deadline: number): void {
    // The time that draining takes begins once, however often it is said.
    this.#drainBy = deadline === Infinity ? Infinity : Math.min(this.#drainBy, deadline);
  }

  /** Its replica is down and its service wants no connection on such: reset, or moved on if it was only on its way. */
  loseReplica(): void {
    if (this.#dialing === undefined) {
      this.abort("replica-down");
      return;
    }
    this.#dialing.cancel();
    this.#dialing = undefined;
    this.#leaveReplica();
    this.#attempt();
  }

  /** Counts what has moved since the last call and ends the connection if it stands still or has had its time. */
  check(now: number): void {
    this.#reportBytes();
    if (now >= this.#drainBy) this.abort("drained");
    if (this.#relay === undefined) return;
    this.#relay.check(now);
    if (!this.#proven && now - this.#relayedSince >= provenMs) {
      this.#prove();
      this.#relay.keepAlive();
    }
  }

  /** Undefined before it is relayed. */
  stillness(now: number): Stillness | undefined {
    return this.#relay?.stillness(now);
  }

  /** Resets both sides now. */
  abort(outcome: Outcome): void {
    if (this.#relay !== undefined) this.#relay.abort(outcome);
    else this.#giveUp(outcome);
  }

  /** A place may be free: true when the connection no longer waits. */
  retry(): boolean {
    return this.#attempt();
  }

  /** It has waited long enough. */
  expire(): void {
    this.#giveUp("queue-timeout");
  }

  /** It is over, with a relay or without. */
  ended(outcome: Outcome): void {
    this.#dialing?.cancel();
    this.#host.leave(this);
    this.#reportBytes();
    if (outcome === "upstream-reset") this.#host.wasReset(this.#relay && this.#replica);
    else if (this.#relay !== undefined && !this.#proven) this.#prove();
    if (this.#route.policy.accessLog) this.#note(outcome);
    this.#leaveReplica();
    this.#host.tally.closed(this.#route.row, outcome, (performance.now() - this.#startedAt) / 1000);
    this.#host.ended(this);
  }

  get wantsClientBack(): boolean {
    return !this.#retriedReset;
  }

  /** The replica accepted and reset before a byte: that costs the client nothing, so another one is tried, once. */
  givenBack(): void {
    this.#retriedReset = true;
    this.#relay = undefined;
    this.#counted.sentAnew();
    this.#outcome = "upstream-reset";
    if (this.#replica !== undefined) this.#failed(this.#replica, "reset");
  }

  #readHeader(): void {
    const { limits } = this.#host;
    if (!this.#host.trusts(this.#client.remoteAddress ?? "")) {
      this.#giveUp("denied");
      return;
    }
    const done = (header: Header | undefined): void => {
      if (header === undefined) this.#giveUp("proxy-header");
      else {
        if (header.kind === "proxied") this.#endpoints = header;
        this.#enter();
      }
    };
    readPreface(this.#client, { timeoutMs: limits.headerTimeoutMs, done });
  }

  #enter(): void {
    const { admits } = this.#host;
    const matters = addressMatters(this.#route.policy, admits);
    const reason = matters ? whyNot(this.#ends().source.host, admits) : undefined;
    if (reason === undefined) this.#attempt();
    else this.#giveUp(reason);
  }

  /** True when the connection went on or ended; false when it must wait (again). */
  #attempt(): boolean {
    const { policy } = this.#route;
    const client = policy.balance === "source" ? this.#ends().source.host : undefined;
    const choice = this.#host.choose(this.#tried, client);
    switch (choice.kind) {
      case "replica":
        this.#waiting = false;
        this.#lookout?.end();
        this.#lookout = undefined;
        this.#dial(choice.replica);
        return true;
      case "full":
        if (this.#waiting) return false;
        this.#waiting = this.#host.join(this);
        if (this.#waiting) this.#lookout = new Lookout(this.#client, this.#intake !== undefined);
        else this.#giveUp("queue-full");
        return !this.#waiting;
      case "none":
        this.#giveUp(this.#outcome ?? "no-replica");
        return true;
    }
  }

  #dial(replica: EngineReplica): void {
    const { limits, tally } = this.#host;
    const now = performance.now();
    this.#replica = replica;
    if (this.#tried.length === 0) this.#dialingSince = now;
    else tally.retried(this.#route.row, replica !== this.#tried.at(-1));
    this.#tried.push(replica);
    const left = limits.connectBudgetMs - (now - this.#dialingSince);
    if (left <= 0) {
      this.#giveUp(this.#outcome ?? "upstream-timeout");
      return;
    }
    this.#dialing = new Dial(replica.address, {
      timeoutMs: Math.min(limits.connectTimeoutMs, left),
      buffers: this.#host.buffers,
      done: (result) => this.#dialed(replica, result, now),
    });
  }

  #dialed(replica: EngineReplica, result: DialResult, since: number): void {
    this.#dialing = undefined;
    if (result.kind === "failed") {
      this.#outcome = outcomeOfDial(result.failure);
      this.#failed(replica, result.failure);
      return;
    }
    const now = performance.now();
    this.#outcome = undefined;
    this.#host.tally.connected(this.#route.row, replica.row, (now - since) / 1000);
    const { sendProxy } = this.#route.policy;
    if (sendProxy !== 0) result.socket.write(formatHeader(sendProxy, this.#ends()));
    this.#relayedSince = now;
    if (this.#host.drainDeadline < Infinity) this.drainBy(this.#host.drainDeadline);
    const options = {
      client: this.#client,
      upstream: result.socket,
      intakes: { client: this.#intake, upstream: result.intake },
      limits: this.#host.limits,
      idleMs: this.#route.policy.idleMs,
      meter: this.#host.meter,
      heldFor: this.#host.heldFor,
      user: this,
    };
    this.#relay = new Relay(options, now);
  }

  #failed(replica: EngineReplica, failure: DialFailure): void {
    this.#host.tally.failed(replica.row, failure);
    this.#host.heard(replica, failure);
    this.#leaveReplica();
    this.#attempt();
  }

  #ends(): Endpoints {
    return (this.#endpoints ??= socketEnds(this.#client));
  }

  #prove(): void {
    this.#proven = true;
    if (this.#replica !== undefined) this.#host.heard(this.#replica, undefined);
  }

  #giveUp(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#dialing?.cancel();
    this.#host.leave(this);
    reset(this.#client);
  }

  #note(outcome: Outcome): void {
    noteConnection(this.#host, this.#route, {
      frontend: this.#frontend,
      replica: this.#tried.at(-1),
      client: this.#ends().source,
      startedAt: this.#startedAt,
      relay: this.#relay,
      relayedSince: this.#relayedSince,
      outcome,
      retries: Math.max(0, this.#tried.length - 1),
    });
  }

  #leaveReplica(): void {
    const replica = this.#replica;
    this.#replica = undefined;
    this.#drainBy = Infinity;
    if (replica !== undefined) this.#host.release(replica);
  }

  #reportBytes(): void {
    if (this.#relay === undefined || this.#replica === undefined) return;
    const moved = this.#counted.take(this.#relay);
    this.#host.tally.moved(this.#route.row, this.#replica.row, moved);
  }
}
