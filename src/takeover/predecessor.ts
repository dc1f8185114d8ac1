import { once } from "node:events";
import { lstat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { formatRequest, linesFrom, parseAnswer, type Answer } from "./wire.ts";

/** What became of it: it said so, or its connection ended, which is the end of its process. */
export type Word = Answer | { readonly kind: "gone" };

/** The portolan that serves on our ports now, as its successor knows it. */
export class Predecessor implements Disposable {
  readonly #socket: Socket;
  readonly #first = Promise.withResolvers<Word>();
  readonly #last = Promise.withResolvers<Word>();
  #serves = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    void this.#listen();
  }

  /** The one that listens at the path; undefined when nobody does. Rejects for what could not be taken over from. */
  static async find(path: string): Promise<Predecessor | undefined> {
    const stats = await lstat(path).catch((error: unknown) => {
      if (isCode(error, "ENOENT")) return undefined;
      throw error;
    });
    if (stats === undefined) return undefined;
    if (!stats.isSocket()) throw new Error(`--takeover: ${path} is there and no socket`);
    // The kernel lets only processes of one user share a port [socket(7): SO_REUSEPORT].
    if (stats.uid !== process.geteuid?.()) {
      throw new Error(`--takeover: ${path} belongs to another user, who shares no ports with us`);
    }
    const socket = connect(path);
    try {
      await once(socket, "connect");
    } catch (error) {
      // What a process has left behind.
      if (isCode(error, "ECONNREFUSED") || isCode(error, "ENOENT")) return undefined;
      throw error;
    }
    socket.on("error", () => undefined);
    socket.unref();
    return new Predecessor(socket);
  }

  /** False once it has ended or said that it yields, asked or not. */
  get serves(): boolean {
    return this.#serves;
  }

  /** Whether it yields. */
  get answer(): Promise<Word> {
    return this.#first.promise;
  }

  /** Settles when nothing arrives at it any more, or it refused. */
  get outcome(): Promise<Word> {
    return this.#last.promise;
  }

  /** Asks it to yield. One that hangs reads this when it comes to itself. */
  ask(missing: readonly string[]): void {
    if (this.#socket.writable) this.#socket.write(formatRequest({ missing }));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #listen(): Promise<void> {
    try {
      for await (const line of linesFrom(this.#socket)) this.#take(parseAnswer(line));
    } catch {
      // A connection that breaks says the same as one that ends.
    }
    this.#take({ kind: "gone" });
  }

  #take(word: Word | undefined): void {
    if (word === undefined) return;
    if (word.kind !== "refused") this.#serves = false;
    this.#first.resolve(word);
    if (word.kind !== "yielding") this.#last.resolve(word);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
