import { sleep } from "../async/sleep.ts";
import { collectAll } from "../workers/collector.ts";
import { isMemoryLittle } from "../workers/memory-use.ts";

const lookEveryMs = 1000;

/** How long after the first table, in ms: the rush of a start is over, unless there is no room to wait for that. */
const [usualMs, shortMs] = [10_000, 0];

/**
 * Some time after a table is served, gives back what only the start needed: a third of the memory of a proxy with little to do.
 * V8 would keep it, as it takes what the start allocated for what is going to be allocated. Rejects when aborted first.
 */
export async function settle(isServing: () => boolean, signal: AbortSignal): Promise<void> {
  do await sleep(lookEveryMs, signal);
  while (!isServing());
  await sleep(isMemoryLittle() ? shortMs : usualMs, signal);
  collectAll();
}
