import type { ServerResponse } from "node:http";
import { LiveStream } from "./live-stream.ts";
import { toReplicaTexts, toTexts, type LiveTexts, type ReplicaTexts } from "./live-texts.ts";
import { TrafficMeter } from "./live-traffic.ts";
import { viewLive, viewReplicas, type LiveInput } from "./live-view.ts";

export interface LiveFeedOptions {
  readonly input: LiveInput;
  /** Told when a look fails; the next one is tried all the same. */
  readonly failed: (what: string, error: unknown) => void;
  /** Time between looks, in ms. Default: 1000. */
  readonly everyMs?: number;
  /** Silence after which a stream is told that we live, in ms. Default: 15 000. */
  readonly heartbeatMs?: number;
}

const mostStreams = 16;
const mostOpen = 64;

/** Shows the present to every reader, once a second while there are any; without readers it costs nothing. */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #everyMs: number;
  readonly #streams = new Set<LiveStream>();
  #meter = new TrafficMeter();
  #texts: LiveTexts | undefined;
  #replicas = new Map<string, ReplicaTexts>();
  #isTicking = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? 1000;
  }

  /** True when no further stream is taken, so that other pages keep places to be asked at. */
  get isFull(): boolean {
    return this.#streams.size >= mostStreams;
  }

  /** Streams to a reader until it leaves; `open` are keys of services whose replicas it wants, of which a bounded number counts. */
  attach(response: ServerResponse, open: readonly string[]): void {
    // One that has left already would never be told to.
    if (response.destroyed) return;
    const stream = new LiveStream(response, open.slice(0, mostOpen));
    this.#streams.add(stream);
    response.on("close", () => {
      this.#streams.delete(stream);
    });
    this.#guarded(() => {
      if (this.#texts === undefined) this.#look();
      this.#show(stream);
    });
    if (!this.#isTicking) this.#waitForNext();
  }

  #waitForNext(): void {
    this.#isTicking = this.#streams.size > 0;
    if (!this.#isTicking) {
      this.#forget();
      return;
    }
    setTimeout(() => {
      this.#guarded(() => {
        this.#look();
        for (const stream of this.#streams) this.#show(stream);
      });
      this.#waitForNext();
    }, this.#everyMs).unref();
  }

  #look(): void {
    this.#meter.turn();
    this.#texts = toTexts(viewLive(this.#options.input, this.#meter, performance.now()));
    this.#replicas = new Map();
  }

  #show(stream: LiveStream): void {
    if (this.#texts === undefined) return;
    const { heartbeatMs = 15_000 } = this.#options;
    stream.show(this.#texts, (key) => this.#replicasOf(key), heartbeatMs / this.#everyMs);
  }

  /** Read once a round, however many readers want them. */
  #replicasOf(key: string): ReplicaTexts {
    const known = this.#replicas.get(key);
    if (known !== undefined) return known;
    const { input } = this.#options;
    const route = input.table().routes.find((one) => one.key === key);
    const replicas =
      route === undefined
        ? []
        : viewReplicas(route, input, { meter: this.#meter, at: performance.now() });
    const texts = toReplicaTexts(replicas);
    this.#replicas.set(key, texts);
    return texts;
  }

  /** What nobody looks at any more must not be shown as the present to the next reader. */
  #forget(): void {
    this.#texts = undefined;
    this.#replicas = new Map();
    this.#meter = new TrafficMeter();
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.failed("/api/live", error);
    }
  }
}
