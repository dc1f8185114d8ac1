import { connect, type Socket } from "node:net";
import type { Address } from "../../../src/model/address.ts";
import { type Frame, FrameReader } from "../../support/frames.ts";
import { HttpAnswerReader } from "../../support/http-frames.ts";

export interface ClientOptions {
  readonly target: Address;
  /** Frames come as the bodies of HTTP answers; default false. */
  readonly isHttp?: boolean;
  /** Check the bodies of answers; default false. */
  readonly isVerifying?: boolean;
  readonly answered: (frame: Frame) => void;
  /** The connection is closed, by whoever; the error when there was one. */
  readonly closed: (error: Error | undefined) => void;
}

/** Every read lands here: it is taken in before the next one begins. */
const scratch = Buffer.allocUnsafe(64 * 1024);

/** One connection of the load generator. */
export class Client {
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor({ target, isHttp = false, isVerifying = false, answered, closed }: ClientOptions) {
    const options = { isVerifying, received: answered };
    const reader = isHttp ? new HttpAnswerReader(options) : new FrameReader(options);
    this.#socket = connect({
      ...target,
      noDelay: true,
      onread: {
        buffer: scratch,
        callback: (bytes) => {
          try {
            reader.push(scratch.subarray(0, bytes));
            return true;
          } catch (error) {
            // An answer that is none of ours is a failure of this connection, and the others go on.
            this.#socket.destroy(error instanceof Error ? error : new Error(String(error)));
            return false;
          }
        },
      },
    });
    this.#socket.on("error", (error) => {
      this.#error = error;
    });
    this.#socket.once("close", () => closed(this.#error));
  }

  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  /** Says that nothing more comes; the other side closes then. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
