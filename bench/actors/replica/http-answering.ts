import type { Socket } from "node:net";
import { damaged, decodeFrame, encodeFrame } from "../../support/frames.ts";
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
      for (let end = endOf(held); end !== undefined; end = endOf(held)) {
        socket.write(this.#answerTo(held.slice(0, end)));
        held = held.slice(end);
      }
    });
  }

  #answerTo(request: string): Buffer {
    const bytes = Number(/^[A-Z]+ \/(\d+) /.exec(request)?.[1] ?? "0");
    if (hasBody(request)) {
      const body = request.slice(request.indexOf("\r\n\r\n") + 4);
      const { intact } = decodeFrame(Buffer.from(body, "latin1"));
      if (!intact) return encodeHttpAnswer(encodeFrame(0, damaged));
    }
    const known = this.#answers.get(bytes);
    if (known !== undefined) return known;
    const made = encodeHttpAnswer(encodeFrame(bytes, this.#number));
    this.#answers.set(bytes, made);
    return made;
  }
}

function hasBody(request: string): boolean {
  return request.startsWith("POST ");
}

/** Where the first request ends in what has come, head and body; undefined when it has not come whole. */
function endOf(held: string): number | undefined {
  const headEnd = held.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const end = headEnd + 4 + (hasBody(held) ? bodyLength(held.slice(0, headEnd)) : 0);
  return end <= held.length ? end : undefined;
}

function bodyLength(head: string): number {
  return Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? "0");
}
