import dgram from "node:dgram";
import { once } from "node:events";

/** One SRV record as a test writes it. */
export interface StandInRecord {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** What it says of a name: records, a response code, or nothing at all. */
export type StandInAnswer = readonly StandInRecord[] | "servfail" | "nxdomain" | "silence" | Buffer;

const codes = { servfail: 2, nxdomain: 3 } as const;
const srvType = 33;

/** A DNS server on a loopback UDP port that knows SRV records only. */
export class DnsStandIn implements AsyncDisposable {
  readonly #socket: dgram.Socket;
  readonly #answers = new Map<string, StandInAnswer>();
  asked = 0;

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    socket.on("message", (query, { address, port }) => {
      this.asked += 1;
      const answer = this.#answer(query);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  static async start(): Promise<DnsStandIn> {
    const socket = dgram.createSocket("udp4");
    socket.on("error", () => {});
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new DnsStandIn(socket);
  }

  get server(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  set(name: string, answer: StandInAnswer): void {
    this.#answers.set(name, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(query: Buffer): Buffer | undefined {
    const { name, end } = questionOf(query);
    const answer = this.#answers.get(name.toLowerCase()) ?? "nxdomain";
    if (answer === "silence") return undefined;
    if (Buffer.isBuffer(answer)) return Buffer.concat([query.subarray(0, 2), answer]);
    const question = query.subarray(12, end);
    if (typeof answer === "string") return Buffer.concat([head(query, codes[answer], 0), question]);
    return Buffer.concat([head(query, 0, answer.length), question, ...answer.map(encode)]);
  }
}

function questionOf(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
}

function head(query: Buffer, code: number, answers: number): Buffer {
  const bytes = Buffer.alloc(12);
  query.copy(bytes, 0, 0, 2);
  bytes.writeUInt16BE(0x8180 | code, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answers, 6);
  return bytes;
}

function encode({ target, port, priority = 0, weight = 0 }: StandInRecord): Buffer {
  const labels = target.split(".").filter((label) => label !== "");
  const name = Buffer.from([
    ...labels.flatMap((label) => [label.length, ...Buffer.from(label)]),
    0,
  ]);
  const bytes = Buffer.alloc(18);
  // The name of the question, where it stands.
  bytes.writeUInt16BE(0xc00c, 0);
  bytes.writeUInt16BE(srvType, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(3600, 6);
  bytes.writeUInt16BE(6 + name.length, 10);
  bytes.writeUInt16BE(priority, 12);
  bytes.writeUInt16BE(weight, 14);
  bytes.writeUInt16BE(port, 16);
  return Buffer.concat([bytes, name]);
}
