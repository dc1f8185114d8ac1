import type { Labelled } from "./labels.ts";
import { readOwnLabels } from "./own-labels.ts";
import type { LabelReader, LabelReading, PortSettings } from "./reading.ts";

/** Strongest first: where two dialects disagree on a setting, the earlier one is believed. */
const dialects: readonly LabelReader[] = [readOwnLabels];

/** What an app's labels say of each of its ports, in all dialects, and everything that is wrong with them. */
export function readLabels(app: Labelled, ports: readonly Labelled[]): LabelReading {
  const readings = dialects.map((read) => read({ labels: app.labels, ports }));
  const leftOut = ports.flatMap(({ labelFaults }, index) =>
    labelFaults.map((fault) => `port ${index}: ${fault}`),
  );
  return {
    ports: ports.map((_, index) => settingsOf(readings, index)),
    faults: [...app.labelFaults, ...leftOut, ...readings.flatMap(({ faults }) => faults)],
  };
}

function settingsOf(readings: readonly LabelReading[], index: number): Partial<PortSettings> {
  return readings.reduceRight<Partial<PortSettings>>(
    (weaker, { ports }) => ({ ...weaker, ...ports[index] }),
    {},
  );
}
