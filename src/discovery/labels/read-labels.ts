import { isDeepStrictEqual } from "node:util";

import type { Labelled } from "./labels.ts";
import { readMarathonLbLabels } from "./marathon-lb-labels.ts";
import { readMmsdLabels } from "./mmsd-labels.ts";
import { readOwnLabels } from "./own-labels.ts";
import { readProxymaticLabels } from "./proxymatic-labels.ts";
import type { LabelReader, LabelReading, PortReading, PortSettings } from "./reading.ts";
import type { Statement } from "./reading.ts";
import { quoted } from "./values.ts";

/** Strongest first: where two dialects disagree on a setting, the earlier one is believed. */
const dialects: readonly LabelReader[] = [
  readOwnLabels,
  readProxymaticLabels,
  readMmsdLabels,
  readMarathonLbLabels,
];

/** No label says anything. */
export const nothingSaid: PortReading = { settings: {}, labels: {} };

/** What an app's labels say of each of its ports, in all dialects, and everything that is wrong with them. */
export function readLabels(app: Labelled, ports: readonly Labelled[]): LabelReading {
  const readings = dialects.map((read) => read({ labels: app.labels, ports }));
  const leftOut = ports.flatMap(({ labelFaults }, index) =>
    labelFaults.map((fault) => `port ${index}: ${fault}`),
  );
  const contradictions = new Set<string>();
  const settled = ports.map((_, index) => {
    const statements = readings.flatMap((reading) => reading.ports[index] ?? []);
    return settle(statements, contradictions);
  });
  const faults = [...leftOut, ...readings.flatMap((reading) => reading.faults), ...contradictions];
  return { ports: settled, faults: [...app.labelFaults, ...faults] };
}

interface Settled {
  readonly value: unknown;
  readonly label: string;
}

/** The first statement on a setting holds; a later one that says otherwise is reported. */
function settle(statements: readonly Statement[], faults: Set<string>): PortReading {
  const settled = new Map<string, Settled>();
  for (const { label, text, settings } of statements) {
    for (const [name, value] of Object.entries(settings)) {
      const known = settled.get(name);
      if (known === undefined) settled.set(name, { value, label });
      else if (!isDeepStrictEqual(known.value, value))
        faults.add(`label ${label}: ${quoted(text)} yields to ${known.label}`);
    }
  }
  for (const { label, implied = {} } of statements) addUnsaid(settled, implied, label);
  const kind = settled.get("kind");
  // A connection to what is no master any more can only fail its writes.
  if (kind?.value === "redis-master") addUnsaid(settled, { closeOnDown: true }, kind.label);
  return {
    settings: Object.fromEntries([...settled].map(([name, { value }]) => [name, value])),
    labels: Object.fromEntries([...settled].map(([name, known]) => [name, known.label])),
  };
}

function addUnsaid(
  settled: Map<string, Settled>,
  settings: Partial<PortSettings>,
  label: string,
): void {
  for (const [name, value] of Object.entries(settings))
    if (!settled.has(name)) settled.set(name, { value, label });
}
