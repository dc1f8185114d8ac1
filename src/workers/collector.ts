import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What V8's own collector can be asked for, which Node shows only behind a flag [v8: gc-extension]. */
type Collect = NonNullable<typeof globalThis.gc>;

/** Threads that are started from now on have V8's collector as their global `gc`. */
export function exposeCollector(): void {
  setFlagsFromString("--expose-gc");
}

/**
 * Gives back all that this thread does not use, the room of what has gone and compiled code of before included: what takes
 * a start needs much more than what follows. Stops the thread for some 30 ms, and for more where it holds much.
 * Nothing happens before `exposeCollector`.
 */
export function collectAll(): void {
  // A thread that began before the flag was set finds the collector only in contexts that are made after it.
  const collect: Collect | undefined = globalThis.gc ?? runInNewContext("globalThis.gc");
  collect?.({ type: "major", flavor: "last-resort", execution: "sync" });
}
