import type { Socket } from "node:net";
import {
  damaged,
  decodeFrame,
  encodeFrame,
  type Frame,
  FrameReader,
} from "../../support/frames.ts";

/** Answers requests with one number, checked bytes for checked bytes. */
export class Answering {
  readonly #number: number;
  /** Made once per length, so that a large answer costs only its way through the socket. */
  readonly #answers = new Map<number, Buffer>();

  constructor(number: number) {
    this.#number = number;
  }

  /** Serves one connection to its end. */
  serve(socket: Socket): void {
    const reader = new FrameReader({
      isVerifying: true,
      received: (request) => {
        socket.write(this.#answerTo(request));
      },
    });
    // The load generator counts what it loses; a broken connection is no news here.
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
  }

  /** The answer to one whole request. */
  answer(request: Buffer): Buffer {
    return this.#answerTo(decodeFrame(request));
  }

  #answerTo(request: Frame): Buffer {
    if (!request.intact) return encodeFrame(0, damaged);
    const known = this.#answers.get(request.word);
    if (known !== undefined) return known;
    const made = encodeFrame(request.word, this.#number);
    this.#answers.set(request.word, made);
    return made;
  }
}
