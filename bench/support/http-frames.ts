import { type Frame, FrameReader, type FrameReaderOptions } from "./frames.ts";

const fields = ["Host: service.example.test", "User-Agent: portolan-bench/1.0", "Accept: */*"];

/** A request by HTTP for an answer of so many bytes; its head is about as long as a browser's shortest. */
export function encodeHttpRequest(answerBytes: number): Buffer {
  return Buffer.from(`GET /${answerBytes} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
}

/** The same with a frame as its body. */
export function encodeHttpPost(answerBytes: number, frame: Buffer): Buffer {
  const all = [...fields, `Content-Length: ${frame.length}`];
  const head = `POST /${answerBytes} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), frame]);
}

/** The answer to it, with a frame as its body. */
export function encodeHttpAnswer(frame: Buffer): Buffer {
  const about = ["Content-Type: application/octet-stream", `Content-Length: ${frame.length}`];
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${about.join("\r\n")}\r\n\r\n`), frame]);
}

const headEnd = Buffer.from("\r\n\r\n");

/** Reads answers, one at a time, whose bodies are frames; the heads are taken at their word. */
export class HttpAnswerReader {
  readonly #frames: FrameReader;
  #head: Buffer | undefined = Buffer.alloc(0);

  constructor({ isVerifying, received }: FrameReaderOptions) {
    const answered = (frame: Frame): void => {
      this.#head = Buffer.alloc(0);
      received(frame);
    };
    this.#frames = new FrameReader({ isVerifying, received: answered });
  }

  push(chunk: Buffer): void {
    if (this.#head === undefined) {
      this.#frames.push(chunk);
      return;
    }
    const head = Buffer.concat([this.#head, chunk]);
    const end = head.indexOf(headEnd);
    if (end === -1) {
      this.#head = head;
      return;
    }
    if (head.toString("latin1", 9, 12) !== "200")
      throw new Error(head.toString("latin1", 0, head.indexOf("\r\n")));
    this.#head = undefined;
    this.#frames.push(head.subarray(end + headEnd.length));
  }
}
