import { Deadline } from "../../async/deadline.ts";
import { sleep } from "../../async/sleep.ts";
import { AnswerError, toAnswerError } from "../answer-error.ts";
import { fieldsOf, isFields, listOf, type Fields } from "../fields.ts";
import { jsonLines } from "../json-lines.ts";
import type { SourceState } from "../source.ts";
import type { Watched } from "../watch-loop.ts";
import { relative, removalsTimeoutMs, type KeysOptions } from "./keys-v2.ts";
import { KnownKeys } from "./known-keys.ts";
import type { Leaf } from "./registrations.ts";
import { announced, type Loss, type Removal } from "./removals.ts";

const longestLine = 16 * 1024 * 1024;

/** The same keys in etcd's version 3, through its JSON gateway: a range, then a watch from the next revision. */
export class KeysV3 implements Watched {
  readonly #options: KeysOptions;
  readonly #known = new KnownKeys();
  #revision = 0n;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const { members, client, prefix, source } = this.#options;
    return await members.first(async (origin) => {
      const call = { origin, path: "/v3/kv/range", body: rangeOf(prefix), totalTimeoutMs: 10_000 };
      const { document } = await client.read(call, signal);
      const { header, kvs, more } = fieldsOf(document);
      const revision = integerOf(fieldsOf(header)["revision"]);
      if (revision === undefined || more === true || (kvs !== undefined && !Array.isArray(kvs)))
        throw new AnswerError("wrong-shape", "no whole range");
      const leaves = listOf(kvs).map((item) => toLeaf(fieldsOf(item), `${prefix}/`));
      const isNewer = revision > this.#revision;
      const state = await this.#known.take(leaves, source, async (loss) =>
        // A revision that went back is another store's: what it does not have, nobody has taken out.
        isNewer ? await this.#announced(loss, origin, signal) : new Set(),
      );
      this.#revision = revision;
      return state;
    }, signal);
  }

  async changed(signal: AbortSignal): Promise<void> {
    const { members, client, prefix, quietMs } = this.#options;
    const body = { create_request: { ...rangeOf(prefix), start_revision: this.#next } };
    const call = { origin: members.preferred, path: "/v3/watch", body };
    try {
      const response = await client.open(call, signal);
      await this.#untilEvent(response.body);
    } catch (error) {
      signal.throwIfAborted();
      members.turn();
      throw toAnswerError(error);
    }
    await sleep(quietMs, signal);
  }

  get #next(): string {
    return String(this.#revision + 1n);
  }

  async #announced(loss: Loss, origin: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    using late = new Deadline(removalsTimeoutMs, () => new Error("too late"), signal);
    return await announced(loss, this.#removals(origin, late.signal));
  }

  /** Keys whose lease ran out are deleted like others: leases are prolonged when a store comes back [etcd v3: lease]. */
  async *#removals(origin: string, signal: AbortSignal): AsyncGenerator<Removal, void> {
    const { client, prefix } = this.#options;
    const range = { ...rangeOf(prefix), start_revision: this.#next, filters: ["NOPUT"] };
    const call = { origin, path: "/v3/watch", body: { create_request: range } };
    try {
      const { body } = await client.open(call, signal);
      for await (const message of jsonLines(body, longestLine))
        for (const key of deletedIn(message, `${prefix}/`))
          yield { key, isFolder: false, isExpiry: false };
    } catch {
      // What it did not tell is doubted, which is as good as it gets without it.
    }
  }

  async #untilEvent(body: AsyncIterable<unknown>): Promise<void> {
    const { loop } = this.#options;
    for await (const message of jsonLines(body, longestLine)) {
      const { result, error } = fieldsOf(message);
      if (!isFields(result)) throw new AnswerError("status", `watch refused: ${reasonOf(error)}`);
      // [etcd v3: watch] A revision that is compacted away has to be read as a whole, as after an event.
      if (result["compact_revision"] !== undefined) return;
      if (result["canceled"] === true) throw new AnswerError("status", "watch canceled");
      if (result["created"] === true) loop.watching();
      if (listOf(result["events"]).length === 0) continue;
      loop.eventReceived();
      return;
    }
    throw new AnswerError("reset", "the watch ended");
  }
}

function deletedIn(message: unknown, start: string): readonly string[] {
  const events = listOf(fieldsOf(fieldsOf(message)["result"])["events"]).map(fieldsOf);
  const deletions = events.filter(({ type }) => type === "DELETE");
  return deletions.map(({ kv }) => relative(fromBase64(fieldsOf(kv)["key"]), start));
}

/** All keys that begin with the prefix and a slash; the byte after a slash is a zero. */
function rangeOf(prefix: string): { readonly key: string; readonly range_end: string } {
  return { key: toBase64(`${prefix}/`), range_end: toBase64(`${prefix}0`) };
}

function toLeaf({ key, value, create_revision: madeAt }: Fields, start: string): Leaf {
  return {
    key: relative(fromBase64(key), start),
    value: fromBase64(value),
    madeAt: Number(integerOf(madeAt) ?? 0n),
  };
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function fromBase64(value: unknown): string {
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : "";
}

/** [protobuf: JSON mapping] 64-bit integers are text. */
function integerOf(value: unknown): bigint | undefined {
  return typeof value === "string" && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

function reasonOf(error: unknown): string {
  const { message } = fieldsOf(error);
  return typeof message === "string" ? message : "no result";
}
