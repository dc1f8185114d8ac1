import { Gauge, type MetricObjectWithValues, type MetricType, type MetricValue } from "prom-client";
import type { Described } from "./catalogue.ts";

/** One series of a family at the moment of a scrape. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** `_bucket`, `_sum` or `_count` of a histogram; none otherwise. */
  readonly suffix?: string;
}

/** Reads a family's samples when it is scraped; nothing is kept, so the series of what is gone are gone. */
export type Read = () => Iterable<Sample>;

/** Series that a page still has room for, and those that found none; shared by families that grow with the cluster. */
export interface Room {
  left: number;
  dropped: number;
}

type Shown = MetricObjectWithValues<MetricValue<string>>;

export interface FamilyOptions {
  readonly described: Described;
  readonly read: Read;
  readonly room?: Room;
}

/**
 * A family whose numbers live elsewhere. It is a Gauge by class only: the registry prints whatever `get` returns,
 * and the client's own counters and histograms cannot be set to a total.
 */
export class Family extends Gauge {
  readonly #name: string;
  readonly #described: Described;
  readonly #read: Read;
  readonly #room: Room | undefined;

  /** Without `room` every sample is shown. */
  constructor(name: string, { described, read, room }: FamilyOptions) {
    super({ name, help: described.help, registers: [] });
    this.#name = name;
    this.#described = described;
    this.#read = read;
    this.#room = room;
  }

  override async get(): Promise<Shown> {
    const name = this.#name;
    const values = Array.from(this.#fitting(), ({ labels, value, suffix }) => {
      return {
        labels: { ...labels },
        value,
        metricName: suffix === undefined ? name : name + suffix,
      };
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the client's types declare numbers, its code uses these words
    const type = this.#described.type as unknown as MetricType;
    return { ...(await super.get()), type, values };
  }

  *#fitting(): Iterable<Sample> {
    const room = this.#room ?? { left: Infinity, dropped: 0 };
    for (const sample of this.#read()) {
      if (room.left > 0) yield sample;
      else room.dropped += 1;
      room.left -= 1;
    }
  }
}

/** The samples of one histogram series from its bucket counts (one more than bounds) and its sum. */
export function* histogram(
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  { counts, sum }: { readonly counts: Float64Array; readonly sum: number },
): Iterable<Sample> {
  let cumulative = 0;
  for (const [index, bound] of [...bounds, Infinity].entries()) {
    cumulative += counts[index] ?? 0;
    const le = bound === Infinity ? "+Inf" : String(bound);
    yield { labels: { ...labels, le }, value: cumulative, suffix: "_bucket" };
  }
  yield { labels, value: sum, suffix: "_sum" };
  yield { labels, value: cumulative, suffix: "_count" };
}
