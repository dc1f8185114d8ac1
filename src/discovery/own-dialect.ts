import { noLabels } from "./labels/labels.ts";
import { nothingSaid, readLabels } from "./labels/read-labels.ts";
import type { PortReading } from "./labels/reading.ts";

/** What the labels of a single port say. */
export interface OwnReading {
  readonly reading: PortReading;
  /** Each names a label and what was done about it, printable and bounded. */
  readonly faults: readonly string[];
}

const prefix = "portolan.";

/** Reads `portolan.<option>` where there is one port only, so that nothing needs to be counted; other labels are ignored. */
export function readOwnDialect(labels: ReadonlyMap<string, string>): OwnReading {
  const own = new Map([...labels].filter(([name]) => name.startsWith(prefix)));
  const { ports, faults } = readLabels(noLabels, [{ labels: own, labelFaults: [] }]);
  const { settings, labels: from } = ports[0] ?? nothingSaid;
  const { checkPortIndex = 0 } = settings;
  const lost = `label ${from.checkPortIndex}: there is no port ${checkPortIndex}: ignored`;
  const named = Object.entries(from).map(([setting, label]) => [setting, uncounted(label)]);
  return {
    reading: { settings, labels: Object.fromEntries(named) },
    faults: [...faults, ...(checkPortIndex === 0 ? [] : [lost])].map(uncounted),
  };
}

function uncounted(text: string): string {
  return text.replaceAll(" of port 0", "");
}
