import type { Socket } from "node:net";
import { encodeFrame } from "../../support/frames.ts";
import { encodeHttpAnswer } from "../../support/http-frames.ts";

/** Answers HTTP requests for `/<bytes>` with a checked frame of that length, and every other with the shortest. */
export class HttpAnswering {
  readonly #number: number;
  readonly #answers = new Map<number, Buffer>();

  constructor(number: number) {
    this.#number = number;
  }

  /** Serves one connection to its end. */
  serve(socket: Socket): void {
    let held = "";
    // The load generator counts what it loses; a broken connection is no news here.
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      held += chunk.toString("latin1");
      for (let end = held.indexOf("\r\n\r\n"); end !== -1; end = held.indexOf("\r\n\r\n")) {
        const bytes = Number(/^GET \/(\d+) /.exec(held)?.[1] ?? "0");
        held = held.slice(end + 4);
        socket.write(this.#answerOf(bytes));
      }
    });
  }

  #answerOf(bytes: number): Buffer {
    const known = this.#answers.get(bytes);
    if (known !== undefined) return known;
    const made = encodeHttpAnswer(encodeFrame(bytes, this.#number));
    this.#answers.set(bytes, made);
    return made;
  }
}
