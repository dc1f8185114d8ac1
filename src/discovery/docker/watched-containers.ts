import { Alarm } from "../../async/alarm.ts";
import { Interruption } from "../../async/interruption.ts";
import { sleep } from "../../async/sleep.ts";
import { AnswerError } from "../answer-error.ts";
import { gatherServices } from "../claims.ts";
import { fieldsOf, textOf } from "../fields.ts";
import type { JsonClient } from "../json-client.ts";
import { jsonLines } from "../json-lines.ts";
import { ProblemList } from "../problem-list.ts";
import type { SourceState } from "../source.ts";
import type { Watched, WatchLoop } from "../watch-loop.ts";
import { taskOf, toClaims, type Surroundings } from "./containers.ts";

export interface WatchedContainersOptions extends Omit<Surroundings, "problems"> {
  readonly source: string;
  readonly client: JsonClient;
  readonly origin: string;
  readonly loop: WatchLoop;
  readonly groups: readonly string[] | undefined;
  /** A burst of events is waited for this long, in ms. */
  readonly quietMs: number;
}

/** Checks that Docker runs inside containers make events by the second: they are not among these. */
const eventFilters = JSON.stringify({
  type: ["container", "network"],
  event: ["start", "die", "pause", "unpause", "health_status", "rename", "connect", "disconnect"],
});
const eventsPath = `/events?${new URLSearchParams({ filters: eventFilters }).toString()}`;
const longestEvent = 1024 * 1024;
/** Deaths that are remembered while no list can be had. */
const mostDied = 10_000;

/** The running containers: one event stream that outlives looks, and a list after each burst of its events. */
export class WatchedContainers implements Watched, AsyncDisposable {
  readonly #options: WatchedContainersOptions;
  readonly #life: Interruption;
  readonly #alarm = new Alarm();
  #reading: Promise<void> = Promise.resolve();
  #isStreaming = false;
  #endReason = "";
  #isStirred = false;
  readonly #died = new Set<string>();

  constructor(options: WatchedContainersOptions, signal: AbortSignal) {
    this.#options = options;
    this.#life = new Interruption(signal);
  }

  async look(signal: AbortSignal): Promise<SourceState> {
    const { client, origin, source, groups, hostAddress, host } = this.#options;
    // Before the list, so that whatever comes after it is heard of.
    if (!this.#isStreaming) await this.#openStream();
    this.#isStirred = false;
    const died = new Set(this.#died);
    const { document } = await client.read(
      { origin, path: "/containers/json", totalTimeoutMs: 10_000 },
      signal,
    );
    if (!Array.isArray(document)) throw new AnswerError("wrong-shape", "no list of containers");
    const containers: readonly unknown[] = document;
    const problems = new ProblemList(source);
    const claims = containers
      .flatMap((item) => toClaims(item, { hostAddress, host, problems }))
      .toSorted((a, b) => a.madeAt - b.madeAt);
    for (const task of died) this.#died.delete(task);
    const present = new Set(claims.map(({ replica }) => replica?.task));
    return {
      services: gatherServices(claims, source, groups),
      problems: problems.list(),
      confirmedGone: new Set([...died].filter((task) => !present.has(task))),
    };
  }

  async changed(signal: AbortSignal): Promise<void> {
    while (!this.#isStirred && this.#isStreaming && !signal.aborted)
      await this.#alarm.wait(Number.MAX_SAFE_INTEGER, signal);
    if (!this.#isStreaming) throw new AnswerError("reset", this.#endReason);
    await sleep(this.#options.quietMs, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await this.#reading;
  }

  async #openStream(): Promise<void> {
    const { client, origin, loop } = this.#options;
    await this.#reading;
    // One that ended while nobody waited for changes has not been told of yet.
    if (this.#endReason !== "") loop.unwatched(this.#endReason);
    const { body } = await client.open({ origin, path: eventsPath }, this.#life.signal);
    this.#isStreaming = true;
    this.#endReason = "";
    loop.watching();
    this.#reading = this.#read(body);
  }

  async #read(body: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const event of jsonLines(body, longestEvent)) this.#hear(fieldsOf(event));
      this.#endReason = "the event stream ended";
    } catch (error) {
      this.#endReason = `event stream: ${error instanceof Error ? error.message : "failed"}`;
    }
    this.#isStreaming = false;
    this.#alarm.ring();
  }

  #hear(event: ReturnType<typeof fieldsOf>): void {
    this.#options.loop.eventReceived();
    const id = textOf(fieldsOf(event["Actor"])["ID"], 255);
    if (event["Action"] === "die" && id !== undefined && this.#died.size < mostDied)
      this.#died.add(taskOf(id));
    this.#isStirred = true;
    this.#alarm.ring();
  }
}
