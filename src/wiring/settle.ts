import { sleep } from "../async/sleep.ts";
import { collectAll } from "../workers/collector.ts";

const lookEveryMs = 1000;

/**
 * Once a table is served, gives back what only the start needed: a third of the memory of a proxy with little to do. V8
 * would keep it, as it takes what the start allocated for what is going to be allocated. Rejects when aborted first.
 */
export async function settle(isServing: () => boolean, signal: AbortSignal): Promise<void> {
  do await sleep(lookEveryMs, signal);
  while (!isServing());
  collectAll();
}
