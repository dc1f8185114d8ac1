import type { Described } from "./catalogue.ts";
import { labelText } from "./label-text.ts";

/** One series of a family at the moment of a scrape. */
export interface Sample {
  /** As `label-text.ts` makes them. */
  readonly labels: string;
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

export interface FamilyOptions {
  readonly name: string;
  readonly described: Described;
  readonly read: Read;
  /** Without it every sample is shown. */
  readonly room?: Room | undefined;
}

/**
 * A family in Prometheus text, line by line; its numbers live elsewhere. prom-client is not asked: its own classes cannot
 * be set to a total, and it makes four objects and a text of labels for each of what may be 200,000 series.
 */
export function* familyLines({ name, described, read, room }: FamilyOptions): Iterable<string> {
  yield `# HELP ${name} ${described.help}\n# TYPE ${name} ${described.type}\n`;
  for (const { labels, value, suffix = "" } of read()) {
    if (room === undefined || room.left > 0) {
      yield name + suffix + (labels === "" ? " " : `{${labels}} `) + numberText(value) + "\n";
    } else room.dropped += 1;
    if (room !== undefined) room.left -= 1;
  }
  yield "\n";
}

/** Infinities have words of their own [prometheus: text format]. */
function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/** The samples of one histogram series from its bucket counts (one more than bounds) and its sum. */
export function* histogram(
  labels: string,
  bounds: readonly number[],
  { counts, sum }: { readonly counts: Float64Array; readonly sum: number },
): Iterable<Sample> {
  const before = labels === "" ? "" : `${labels},`;
  let cumulative = 0;
  for (const [index, bound] of [...bounds, Infinity].entries()) {
    cumulative += counts[index] ?? 0;
    const le = labelText({ le: numberText(bound) });
    yield { labels: before + le, value: cumulative, suffix: "_bucket" };
  }
  yield { labels, value: sum, suffix: "_sum" };
  yield { labels, value: cumulative, suffix: "_count" };
}
