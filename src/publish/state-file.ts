import { createHash } from "node:crypto";
import { constants, closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { Alarm } from "../async/alarm.ts";
import type { Logger } from "../model/logger.ts";
import { printable } from "../model/problem.ts";
import type { Service } from "../model/service.ts";
import { replaceFile } from "./replace-file.ts";

/** What the sources said last. */
export interface SavedState {
  readonly services: readonly Service[];
  /** In ms since the epoch. */
  readonly savedAt: number;
}

export interface StateFileOptions {
  readonly path: string;
  readonly logger: Logger;
  /** In ms since the epoch. */
  readonly clock: () => number;
}

/** Changes with every change of what a Service is: a state of another shape is not read. */
const shape = 1;
const oldestMs = 86_400_000;
const longestBytes = 256 * 1024 * 1024;

/** Changes within this time are written together, in ms. */
const gatherMs = 1000;

/** A first line with the shape and a checksum, then the state as JSON. */
export function formatState(state: SavedState): string {
  return sealed(JSON.stringify(state));
}

function sealed(body: string): string {
  return `portolan-state ${shape} ${checksum(body)}\n${body}\n`;
}

/** The state in a text that this program has written, or why it is not used; `now` in ms since the epoch. */
export function parseState(text: string, now: number): SavedState | string {
  const end = text.indexOf("\n");
  const [name, version] = text.slice(0, Math.max(0, end)).split(" ");
  const body = text.slice(end + 1, -1);
  if (name !== "portolan-state") return "it is no state file";
  if (version !== String(shape))
    return `it has shape ${printable(version ?? "", 20)}, not ${shape}`;
  // What passes is our own writing, down to the last byte, and needs no other check.
  if (text !== sealed(body)) return "its checksum is wrong";
  const state: SavedState = JSON.parse(body);
  if (now - state.savedAt > oldestMs) return "it is older than a day";
  return state;
}

/** Keeps what the sources said last, so that a start without them serves it: the old file or the new one, never half. */
export class StateFile implements AsyncDisposable {
  readonly #options: StateFileOptions;
  readonly #life = new AbortController();
  readonly #changed = new Alarm();
  readonly #writing: Promise<void>;
  #pending: readonly Service[] | undefined;
  #failure: string | undefined;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#writing = this.#write();
  }

  /** What was kept, if it can be used; anything else is one line in the log. */
  load(): SavedState | undefined {
    const { path, logger, clock } = this.#options;
    const state = read(path);
    if (state === undefined) return undefined;
    const parsed = typeof state === "string" ? state : parseState(state.text, clock());
    if (typeof parsed !== "string") return parsed;
    logger.warn("the state file is not used", { path, reason: parsed });
    return undefined;
  }

  /** Has this written soon. */
  save(services: readonly Service[]): void {
    this.#pending = services;
    this.#changed.ring();
  }

  /** Writes what is left to write, and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { signal } = this.#life;
    for (;;) {
      if (this.#pending === undefined) await this.#changed.wait(Infinity, signal);
      await new Alarm().wait(gatherMs, signal);
      if (this.#pending !== undefined) await this.#replace(this.#pending);
      if (signal.aborted) return;
    }
  }

  async #replace(services: readonly Service[]): Promise<void> {
    const { path, logger, clock } = this.#options;
    this.#pending = undefined;
    try {
      await replaceFile(path, formatState({ services, savedAt: clock() }));
      this.#failure = undefined;
    } catch (error) {
      const reason = printable(error instanceof Error ? error.message : String(error));
      if (reason !== this.#failure)
        logger.error("the state file cannot be written", { path, reason });
      this.#failure = reason;
    }
  }
}

/** The text of a regular file, never through a symbolic link; a reason when there is something else; undefined when nothing is. */
function read(path: string): { readonly text: string } | string | undefined {
  try {
    // A link could name any file, and what is read here decides where clients are sent.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) return "it is no regular file";
      if (stats.size > longestBytes) return "it is larger than 256 MiB";
      return { text: readFileSync(file, "utf8") };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    return `it cannot be read: ${code === "ELOOP" ? "it is a symbolic link" : String(code)}`;
  }
}

function checksum(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
