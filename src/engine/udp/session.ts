import type { Address } from "../../model/address.ts";
import {
  dropReasonOf,
  type DialFailure,
  type DropReason,
  type SessionEnding,
} from "../../model/outcome.ts";
import { formatV2 } from "../proxy-protocol/format.ts";
import type { Choice } from "../replica-pool.ts";
import type { EngineReplica, EngineRoute } from "../route.ts";
import type { Tally } from "../tally.ts";
import type { Client, Tracked } from "./session-table.ts";
import { UdpSocket, type Payload } from "./udp-socket.ts";

/** What a session asks of the service it belongs to. */
export interface SessionHost {
  readonly tally: Tally;
  /** As it is now. */
  readonly route: EngineRoute;
  /** Picks none of `excluded` and puts the session on it. */
  choose(excluded: readonly EngineReplica[], client: string): Choice;
  /** Tells how the replica behaved; undefined is well. */
  heard(replica: EngineReplica, failure: DialFailure | undefined): void;
  /** A datagram goes through, in either direction. */
  touched(session: Session): void;
  answer(message: Buffer, client: Client): void;
  /** Where the client sent to. */
  destinationOf(client: Client): Address;
  dropped(reason: DropReason): void;
  /** Called once, when everything of the session is closed. */
  ended(session: Session, ending: SessionEnding): void;
}

const nobody: readonly EngineReplica[] = [];
const anyPort = { 4: "0.0.0.0", 6: "::" } as const;

/**
 * One client and the replica that answers it, over a socket of its own: the replica tells clients apart by our port, its
 * refusals are heard, and the kernel drops what strangers send. When the replica is lost, the next datagram goes to
 * another one from a fresh port, which no stale state on the way knows.
 */
export class Session implements Tracked<Session> {
  readonly client: Client;
  seenAt: number = 0;
  older: Session | undefined;
  newer: Session | undefined;
  sibling: Session | undefined;
  readonly #host: SessionHost;
  #replica: EngineReplica | undefined;
  #upstream: UdpSocket | undefined;
  /** True until the replica has been told whose datagrams these are, where it wants to know. */
  #unannounced = false;
  /** Replicas that refused since the last answer. */
  #refusing = nobody;
  /** Answers that are still expected. */
  #owed = 0;
  #answered = false;
  #awaitsAnswer = false;
  #resending = false;
  #ended = false;

  /** A session on this replica, where the client has a place already. */
  constructor(client: Client, replica: EngineReplica, host: SessionHost) {
    this.client = client;
    this.#host = host;
    this.#pin(replica);
  }

  /** The replica it is on; undefined while the next datagram has to pick one. */
  get replica(): EngineReplica | undefined {
    return this.#replica;
  }

  /** True from a client's datagram to the next one of its replica. */
  get awaitsAnswer(): boolean {
    return this.#awaitsAnswer;
  }

  /** Sends a client's datagram on. */
  forward(message: Buffer): void {
    const replica = this.#replica ?? this.#pinAgain();
    if (replica === undefined) return;
    const upstream = this.#upstream ?? this.#connect(replica);
    if (upstream === undefined) return;
    const { tally, route } = this.#host;
    this.#owed += route.policy.expectedReplies;
    this.#awaitsAnswer = true;
    this.#host.touched(this);
    tally.datagramFor(replica.row, message.length);
    const payload = this.#unannounced ? [this.#header(), message] : message;
    this.#unannounced = false;
    if (!upstream.send(payload)) this.#host.dropped("congested");
  }

  /** Its replica may not be used any more: it moves on, unless the session is for that replica alone. */
  loseReplica(): void {
    if (this.#host.route.policy.datagrams === "session") this.#unpin();
    else this.end("replica-lost");
  }

  end(ending: SessionEnding): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unpin();
    this.#host.ended(this, ending);
  }

  #pin(replica: EngineReplica): void {
    this.#replica = replica;
    this.#unannounced = this.#host.route.policy.sendProxy === 2;
    this.#answered = false;
    this.#owed = 0;
    this.#host.tally.pinned(replica.row);
  }

  #pinAgain(): EngineReplica | undefined {
    if (this.#ended) return undefined;
    const { host } = this.client;
    let choice = this.#host.choose(this.#refusing, host);
    if (choice.kind === "none" && this.#refusing.length > 0) {
      // Whoever refused is better than nobody.
      this.#refusing = nobody;
      choice = this.#host.choose(nobody, host);
    }
    if (choice.kind !== "replica") {
      this.#host.dropped(choice.kind === "none" ? "no-replica" : "session-limit");
      return undefined;
    }
    if (this.#refusing.length > 0) {
      this.#host.tally.retried(this.#host.route.row, !this.#refusing.includes(choice.replica));
    }
    this.#pin(choice.replica);
    return choice.replica;
  }

  #unpin(): void {
    const replica = this.#replica;
    this.#upstream?.close();
    this.#upstream = undefined;
    this.#awaitsAnswer = false;
    this.#replica = undefined;
    if (replica !== undefined) this.#host.tally.vacated(replica.row);
  }

  #connect(replica: EngineReplica): UdpSocket | undefined {
    const { host } = replica.address;
    const upstream = new UdpSocket({
      host,
      received: (message) => this.#receive(message, replica),
      failed: (error, unsent) => this.#failed(error, unsent),
    });
    if (!upstream.bind(anyPort[host.includes(":") ? 6 : 4])) {
      // Why has been counted; the next datagram tries again.
      upstream.close();
      return undefined;
    }
    upstream.connect(replica.address);
    this.#upstream = upstream;
    return upstream;
  }

  #receive(message: Buffer, replica: EngineReplica): void {
    const { tally, route } = this.#host;
    tally.datagramOut(route.row, replica.row, message.length);
    if (!this.#answered) {
      this.#answered = true;
      this.#refusing = nobody;
      this.#host.heard(replica, undefined);
    }
    this.#awaitsAnswer = false;
    this.#host.touched(this);
    this.#host.answer(message, this.client);
    if (route.policy.expectedReplies === 0) return;
    this.#owed -= 1;
    if (this.#owed <= 0) this.end("answered");
  }

  #failed(error: Error, unsent: Payload | undefined): void {
    const reason = dropReasonOf(error);
    const replica = this.#replica;
    // The header was in front of what was not sent.
    if (unsent !== undefined && !Buffer.isBuffer(unsent)) this.#unannounced = true;
    if (replica === undefined || (reason !== "refused" && reason !== "unreachable")) {
      this.#host.dropped(reason);
      return;
    }
    this.#refusing = [...this.#refusing, replica];
    this.#host.tally.failed(replica.row, reason);
    this.#host.heard(replica, reason);
    this.loseReplica();
    if (unsent === undefined || this.#resending || this.#ended) this.#host.dropped(reason);
    else this.#resend(unsent);
  }

  /** The kernel told of an earlier refusal instead of sending this one: it goes to another replica, once. */
  #resend(unsent: Payload): void {
    const message = Buffer.isBuffer(unsent) ? unsent : unsent.at(-1);
    if (message === undefined) return;
    this.#resending = true;
    this.forward(message);
    this.#resending = false;
  }

  #header(): Buffer {
    const { host, port } = this.client;
    const destination = this.#host.destinationOf(this.client);
    return formatV2({ source: { host, port }, destination }, "datagram");
  }
}
