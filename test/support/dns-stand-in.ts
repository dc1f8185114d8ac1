import dgram from "node:dgram";
import { once } from "node:events";
import { decode, encode, type Answer, type Packet } from "dns-packet";

/** One SRV record as a test writes it. */
export interface StandInRecord {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
  /** In seconds. Default 3600. */
  readonly ttl?: number;
}

/** What it says of a name: records, a response code, or nothing at all. */
export type StandInAnswer = readonly StandInRecord[] | "servfail" | "nxdomain" | "silence" | Buffer;

interface StandInAddresses {
  readonly addresses: readonly string[];
  /** In seconds. */
  readonly ttl: number;
  /** Sent along with records that lead there, rather than only when asked for. */
  readonly isSentAlong: boolean;
}

type Sections = Pick<Packet, "answers" | "authorities" | "additionals">;

const codes = { servfail: 2, nxdomain: 3 } as const;

/** A DNS server on a loopback UDP port that knows SRV records and IPv4 addresses. */
export class DnsStandIn implements AsyncDisposable {
  readonly #socket: dgram.Socket;
  readonly #answers = new Map<string, StandInAnswer>();
  readonly #addresses = new Map<string, StandInAddresses>();
  /** Name and type of every question so far. */
  readonly asked: string[] = [];
  /** A question that says more than older servers know is refused. */
  isOld = false;
  /** For how long a name without records may be taken for absent, in seconds; undefined: it does not say. */
  absenceTtl: number | undefined;

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    socket.on("message", (query, { address, port }) => {
      const answer = this.#answer(query);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  /** On a free port of 127.0.0.1, or where it is told to. */
  static async start(at: { host?: string; port?: number } = {}): Promise<DnsStandIn> {
    const socket = dgram.createSocket("udp4");
    socket.on("error", () => {});
    socket.bind(at.port ?? 0, at.host ?? "127.0.0.1");
    await once(socket, "listening");
    return new DnsStandIn(socket);
  }

  get server(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Silence is for questions of every kind. */
  set(name: string, answer: StandInAnswer): void {
    this.#answers.set(name, answer);
  }

  /** A name has these addresses from now on; the TTL is in seconds. */
  address(
    name: string,
    addresses: readonly string[],
    { ttl = 3600, isSentAlong = false }: Partial<StandInAddresses> = {},
  ): void {
    this.#addresses.set(name, { addresses, ttl, isSentAlong });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(query: Buffer): Buffer | undefined {
    const { id, questions = [], additionals = [] } = decode(query);
    const [question] = questions;
    if (question === undefined) return undefined;
    this.asked.push(`${question.name} ${question.type}`);
    const reply = (flags: number, sections: Sections = {}): Buffer =>
      encode({ type: "response", id: id ?? 0, flags, questions: [question], ...sections });
    if (this.isOld && additionals.length > 0) return reply(1);
    const name = question.name.toLowerCase();
    const known = this.#addresses.get(name);
    const told = this.#answers.get(name);
    if (told === "silence") return undefined;
    if (question.type !== "SRV")
      return reply(0, { answers: question.type === "A" && known ? records(name, known) : [] });
    const answer = told ?? "nxdomain";
    if (answer === "nxdomain") return reply(codes.nxdomain, { authorities: this.#absence() });
    if (answer === "servfail") return reply(codes.servfail);
    if (Buffer.isBuffer(answer)) return Buffer.concat([query.subarray(0, 2), answer]);
    const answers = answer.map((record) => srv(name, record));
    return reply(0, { answers, additionals: this.#along(answer) });
  }

  #absence(): Answer[] {
    if (this.absenceTtl === undefined) return [];
    const data = {
      mname: "ns.test",
      rname: "root.test",
      serial: 1,
      refresh: 1,
      retry: 1,
      expire: 1,
    };
    const minimum = this.absenceTtl;
    return [{ type: "SOA", name: "test", ttl: 3600, data: { ...data, minimum } }];
  }

  #along(answer: readonly StandInRecord[]): Answer[] {
    return [...new Set(answer.map(({ target }) => target))].flatMap((target) => {
      const known = this.#addresses.get(target);
      return known?.isSentAlong === true ? records(target, known) : [];
    });
  }
}

function records(name: string, { addresses, ttl }: StandInAddresses): Answer[] {
  return addresses.map((data) => ({ type: "A", name, ttl, data }));
}

function srv(name: string, record: StandInRecord): Answer {
  const { target, port, priority = 0, weight = 0, ttl = 3600 } = record;
  return { type: "SRV", name, ttl, data: { target, port, priority, weight } };
}
