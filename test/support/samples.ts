/** One line of a page of metrics. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Every sample of a page in Prometheus' text format; fails on a line that is none. */
export function readSamples(page: string): MetricSample[] {
  return page
    .split("\n")
    .filter((text) => text !== "" && !text.startsWith("#"))
    .map(readSample);
}

function readSample(text: string): MetricSample {
  const match = line.exec(text);
  if (match === null) throw new Error(`no sample: ${text}`);
  const [, name = "", pairs = "", value = ""] = match;
  const labels = Object.fromEntries([...pairs.matchAll(label)].map(([, key, is]) => [key, is]));
  return { name, labels, value: Number(value) };
}
