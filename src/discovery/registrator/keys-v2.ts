import { Deadline } from "../../async/deadline.ts";
import { sleep } from "../../async/sleep.ts";
import { AnswerError } from "../answer-error.ts";
import { fieldsOf, isFields, listOf, numberOf, type Fields } from "../fields.ts";
import type { JsonAnswer, JsonCall, JsonClient } from "../json-client.ts";
import type { SourceState } from "../source.ts";
import type { WatchLoop, Watched } from "../watch-loop.ts";
import { KnownKeys } from "./known-keys.ts";
import type { Members } from "./members.ts";
import type { Leaf } from "./registrations.ts";
import { announced, type Loss, type Removal } from "./removals.ts";

/** What a watch of one etcd needs. */
export interface KeysOptions {
  readonly source: string;
  readonly prefix: string;
  readonly members: Members;
  readonly client: JsonClient;
  readonly loop: WatchLoop;
  /** A burst of changes is waited for this long, in ms. */
  readonly quietMs: number;
}

/** [etcd v2: errors] */
const keyNotFound = 100;
const eventIndexCleared = 401;
const deepest = 8;
const removing: ReadonlySet<unknown> = new Set(["delete", "compareAndDelete", "expire"]);
/** Longest time for finding out what was taken out: without that, the loss is doubted. */
export const removalsTimeoutMs = 1000;

/** Keys of etcd's version 2: a recursive read, then a long poll for the first change after it. */
export class KeysV2 implements Watched {
  readonly #options: KeysOptions;
  readonly #known = new KnownKeys();
  #index = 0;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const { members, client, prefix, source } = this.#options;
    return await members.first(async (origin) => {
      // By quorum, since a member that lags behind would bring back what is gone.
      const path = `${keysPath(prefix)}?recursive=true&quorum=true`;
      const answer = await client.read(
        { origin, path, alsoStatus: 404, totalTimeoutMs: 10_000 },
        signal,
      );
      const index = Number(answer.header("x-etcd-index") || "none");
      if (!Number.isSafeInteger(index) || index < 0)
        throw new AnswerError("wrong-shape", "no X-Etcd-Index");
      const leaves = leavesOf(answer, prefix);
      const span = { origin, from: this.#index, to: index };
      const state = await this.#known.take(leaves, source, (loss) =>
        this.#announced(loss, span, signal),
      );
      this.#index = index;
      return state;
    }, signal);
  }

  async changed(signal: AbortSignal): Promise<void> {
    const { members, client, loop, prefix, quietMs } = this.#options;
    const path = watchPath(prefix, this.#index + 1);
    const call: JsonCall = { origin: members.preferred, path, alsoStatus: 400 };
    try {
      const response = await client.open(call, signal);
      loop.watching();
      const { status, document } = await client.rest(response, signal);
      // [etcd v2: waiting for a change] A store that has forgotten so old an index has to be read as a whole.
      if (status === 400 && errorCodeOf(document) !== eventIndexCleared)
        throw new AnswerError("status", "http 400 to a watch");
      loop.eventReceived();
    } catch (error) {
      signal.throwIfAborted();
      members.turn();
      throw error;
    }
    await sleep(quietMs, signal);
  }

  async #announced(loss: Loss, span: Span, signal: AbortSignal): Promise<ReadonlySet<string>> {
    // An index that went back is another store's: what it does not have, nobody has taken out.
    if (span.to <= span.from) return new Set();
    using late = new Deadline(removalsTimeoutMs, () => new Error("too late"), signal);
    return await announced(loss, this.#removals(span, late.signal));
  }

  /** Each change since a read is one answer of its own; ends early when there is none. */
  async *#removals({ origin, from, to }: Span, signal: AbortSignal): AsyncGenerator<Removal, void> {
    const { client, prefix } = this.#options;
    for (let index = from + 1; index <= to; index += 1) {
      const call = { origin, path: watchPath(prefix, index), alsoStatus: 400 };
      const answer = await client.read(call, signal).catch(() => undefined);
      const { action, node } = fieldsOf(answer?.document);
      const { key, dir, modifiedIndex } = fieldsOf(node);
      const at = numberOf(modifiedIndex);
      if (at === undefined || at < index || typeof key !== "string") return;
      index = at;
      if (!removing.has(action)) continue;
      // A folder above the prefix takes everything along.
      const isAbove = `${prefix}/`.startsWith(`${key}/`);
      yield {
        key: isAbove ? "" : relative(key, `${prefix}/`),
        isFolder: dir === true,
        isExpiry: action === "expire",
      };
    }
  }
}

/** Two reads of one member's store, by their indexes. */
interface Span {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
}

function watchPath(prefix: string, index: number): string {
  return `${keysPath(prefix)}?wait=true&recursive=true&waitIndex=${index}`;
}

function leavesOf({ status, document }: JsonAnswer, prefix: string): readonly Leaf[] {
  if (status === 404) {
    // Nobody has registered anything yet: the folder comes with its first key.
    if (errorCodeOf(document) === keyNotFound) return [];
    throw new AnswerError("status", "http 404");
  }
  const { action, node } = fieldsOf(document);
  if (action !== "get" || !isFields(node)) throw new AnswerError("wrong-shape", "no node");
  if (node["dir"] !== true) throw new AnswerError("wrong-shape", "the prefix is no directory");
  const leaves: Leaf[] = [];
  collect(node, { leaves, start: `${prefix}/`, depth: 0 });
  return leaves;
}

interface Collection {
  readonly leaves: Leaf[];
  /** What the key of everything below the prefix begins with. */
  readonly start: string;
  readonly depth: number;
}

function collect(folder: Fields, { leaves, start, depth }: Collection): void {
  for (const item of listOf(folder["nodes"])) {
    const node = fieldsOf(item);
    const { key, value, dir } = node;
    if (dir === true && depth < deepest) collect(node, { leaves, start, depth: depth + 1 });
    else if (dir !== true && typeof key === "string" && typeof value === "string")
      leaves.push({
        key: relative(key, start),
        value,
        madeAt: numberOf(node["createdIndex"]) ?? 0,
      });
  }
}

/** The key below the prefix. */
export function relative(key: string, start: string): string {
  return key.startsWith(start) ? key.slice(start.length) : key;
}

function errorCodeOf(document: unknown): number | undefined {
  return numberOf(fieldsOf(document)["errorCode"]);
}

function keysPath(prefix: string): string {
  return `/v2/keys${prefix === "" ? "/" : prefix.split("/").map(encodeURIComponent).join("/")}`;
}
