import { indexed, noOption, readDialect, saying, sets, type Meaning } from "./dialect.ts";
import type { Term } from "./dialect.ts";
import type { LabelReader } from "./reading.ts";
import { choice, numberOf, wholeNumber } from "./values.ts";

const prefix = "com.meltwater.proxymatic.port.";
const second = 1000;
const seconds = wholeNumber({ least: 1, most: 86_400 });

/**
 * [proxymatic] `timeout.*` hold for HTTP alone: in its tcp mode a tunnel timeout of an hour supersedes them, which is
 * the idle timeout here. A weight of 0 takes no traffic, and `maxconn` 0 is no limit, as in its HAProxy.
 */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["servicePort", sets("servicePort", numberOf({ least: 1, most: 65_535 }))],
  ["weight", sets("weight", wholeNumber({ least: 0, most: 1000 }))],
  ["maxconn", sets("replicaLimit", wholeNumber({ least: 0, most: 1_000_000 }))],
  ["mode", sets("mode", choice(["tcp", "http"]))],
  [
    "timeout.client",
    saying(seconds, (value) => ({ settings: { clientTimeoutMs: value * second } })),
  ],
  [
    "timeout.server",
    saying(seconds, (value) => ({ settings: { serverTimeoutMs: value * second } })),
  ],
]);

/** Reads `com.meltwater.proxymatic.port.<N>.<option>`, which stands on the app. */
export const readProxymaticLabels: LabelReader = (app) =>
  readDialect({ onApp: termOf, onPort: misplaced }, app);

function termOf(name: string): Term | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const { index, rest } = indexed(name.slice(prefix.length), ".") ?? {};
  const meaning = meanings.get(rest ?? "");
  if (meaning === undefined || index === undefined) return noOption;
  return { kind: "means", meaning, index };
}

function misplaced(name: string): Term | undefined {
  return name.startsWith(prefix) ? { kind: "stray", why: "is read on the app alone" } : undefined;
}
