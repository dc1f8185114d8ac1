import { bad, unheard, type Finding } from "./finding.ts";
import { Heard, longestAnswer } from "./heard.ts";

/**
 * One side of a conversation as straight code: it yields what to say, or nothing to wait until more has been heard (or
 * the replica has ended), and returns what it found.
 */
export type Dialogue = Generator<Buffer | undefined, Finding, undefined>;

/** Reads from `heard` only; its finding must not depend on how the bytes were sliced. */
export type Script = (heard: Heard) => Dialogue;

/** Waiting for something to read, within a dialogue. */
export type Reading<T> = Generator<undefined, T, undefined>;

/** Leads one dialogue: pure, so what was heard and said can come from anywhere. */
export class Conversation {
  readonly #heard = new Heard();
  readonly #dialogue: Dialogue;
  readonly #say: (bytes: Buffer) => void;

  constructor(script: Script, say: (bytes: Buffer) => void) {
    this.#dialogue = script(this.#heard);
    this.#say = say;
  }

  /** Says what comes before the first answer. Like the others, not to be called after a finding. */
  begin(): Finding | undefined {
    return this.#goOn();
  }

  hear(chunk: Buffer): Finding | undefined {
    const room = longestAnswer - this.#heard.total;
    this.#heard.push(chunk.subarray(0, room));
    return this.#goOn() ?? (chunk.length > room ? bad("L7RSP", "longer than 64 KiB") : undefined);
  }

  end(): Finding {
    this.#heard.ended = true;
    return this.#goOn() ?? bad("L7RSP", `closed after ${this.#heard.total} bytes`);
  }

  /** What it means that the time is over: silence, or an answer that does not get to the point. */
  late(): Finding {
    const { total } = this.#heard;
    return total === 0 ? unheard("L7TOUT") : bad("L7TOUT", `not answered within ${total} bytes`);
  }

  #goOn(): Finding | undefined {
    for (;;) {
      const step = this.#dialogue.next();
      if (step.done === true) return step.value;
      if (step.value === undefined) return undefined;
      this.#say(step.value);
    }
  }
}

/** Waits for a whole line. */
export function* nextLine(heard: Heard): Reading<string> {
  for (;;) {
    const line = heard.line();
    if (line !== undefined) return line;
    yield undefined;
  }
}

/** Waits for so many bytes, which stay unread. */
export function* nextBytes(heard: Heard, count: number): Reading<string> {
  for (;;) {
    const text = heard.peek(count);
    if (text !== undefined) return text;
    yield undefined;
  }
}
