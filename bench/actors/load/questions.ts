import { createSocket } from "node:dgram";
import { once } from "node:events";
import { encode } from "dns-packet";
import type { QuestionCount, QuestionOrder } from "../verbs.ts";

/** Questions under way at a time, where there is no rate. */
const underWay = 64;
/** When nothing was answered for so long, what was under way counts as lost, in ms. */
const lostMs = 500;

/** Questions by UDP that go on until they are stopped: as fast as answers come, or at a rate. */
export class Questions implements Disposable {
  readonly #socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
  readonly #packets: readonly Buffer[];
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  #count: QuestionCount = { answered: 0, refused: 0 };

  private constructor(names: readonly string[]) {
    this.#packets = names.flatMap((name) =>
      (["A", "SRV"] as const).map((type) => encode({ type: "query", questions: [{ name, type }] })),
    );
  }

  static async start({ target, names, ratePerSecond }: QuestionOrder): Promise<Questions> {
    const questions = new Questions(names);
    const socket = questions.#socket;
    socket.connect(target.port, target.host);
    await once(socket, "connect");
    socket.on("message", (answer) => {
      questions.#take(answer);
      if (ratePerSecond === undefined) questions.#ask(1);
    });
    if (ratePerSecond === undefined) questions.#askInTurn();
    else questions.#askAt(ratePerSecond);
    return questions;
  }

  /** Since the count before. */
  count(): QuestionCount {
    const counted = this.#count;
    this.#count = { answered: 0, refused: 0 };
    return counted;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #askInTurn(): void {
    this.#ask(underWay);
    let before = 0;
    this.#timer = setInterval(() => {
      if (this.#asked === before) this.#ask(underWay);
      before = this.#asked;
    }, lostMs);
  }

  #askAt(ratePerSecond: number): void {
    const startedAt = performance.now();
    const first = this.#asked;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1000) * ratePerSecond;
      this.#ask(Math.floor(due) - (this.#asked - first));
    }, 1);
  }

  #ask(count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      const packet = this.#packets[this.#asked % this.#packets.length];
      if (packet !== undefined) this.#socket.send(packet);
      this.#asked += 1;
    }
  }

  /** An answer is one without an error and with a record. [rfc1035 §4.1.1] */
  #take(answer: Buffer): void {
    const isGood = ((answer[3] ?? 0) & 0x0f) === 0 && answer.readUInt16BE(6) > 0;
    const { answered, refused } = this.#count;
    this.#count = isGood ? { answered: answered + 1, refused } : { answered, refused: refused + 1 };
  }
}
