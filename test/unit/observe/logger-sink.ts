import { Writable } from "node:stream";
import { WriteStream } from "node:tty";

/** Keeps what is written; `hold` stops it from taking more, as a stalled reader does. */
export class Sink extends Writable {
  text = "";
  isTTY = false;
  #held: (() => void) | undefined;
  #isHeld = false;

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#held?.();
  }

  getColorDepth(): number {
    return WriteStream.prototype.getColorDepth(process.env);
  }

  override _write(chunk: Buffer, _: string, callback: () => void): void {
    this.text += chunk.toString();
    if (this.#isHeld) this.#held = callback;
    else callback();
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }
}
