import type { AcceptVerbs, Sharing } from "../actors/verbs.ts";
import { Actor } from "../support/actor.ts";
import type { Cpus } from "../support/cpus.ts";
import { freePort } from "../support/ports.ts";
import type { Contender, Running } from "./contender.ts";

/** A process whose threads share one port, with what it can be told. */
export interface RunningSharing extends Running {
  readonly actor: Actor<AcceptVerbs>;
}

/** A way to share one listening port among worker threads; no proxy, the workers answer themselves. */
export interface SharingContender extends Contender {
  open(options: SharingOptions): Promise<RunningSharing>;
}

interface SharingOptions {
  readonly workers: number;
  readonly cpus: Cpus;
}

const names = ["reuse-port", "main-accepts", "thread-accepts"] as const;

export const sharings: readonly SharingContender[] = names.map((name) => ({
  name,
  find: () => ({ kind: "found", version: process.version }),
  start: ({ cpus }) => openSharing(name, { cpus, workers: 2 }),
  open: (options) => openSharing(name, options),
}));

async function openSharing(
  sharing: Sharing,
  { workers, cpus }: SharingOptions,
): Promise<RunningSharing> {
  await using owned = new AsyncDisposableStack();
  const actor = owned.use(Actor.start<AcceptVerbs>("accept.ts", { cpus: cpus.proxy }));
  const address = { host: "127.0.0.1", port: await freePort() };
  await actor.call("open", { sharing, workers, port: address.port });
  const life = owned.move();
  const dispose = (): Promise<void> => life.disposeAsync();
  return { actor, address, pids: [actor.pid], [Symbol.asyncDispose]: dispose };
}
