import { formatAddress } from "../../src/model/address.ts";
import type { MarathonVerbs } from "../actors/verbs.ts";
import { Actor } from "../support/actor.ts";
import { freePort } from "../support/ports.ts";
import { type Portolan, startPortolan } from "../support/portolan.ts";
import type { Contender, Running, Setup } from "./contender.ts";

/**
 * Until V8 has compiled what is used all the time, which it does in the seconds after it is first used and on the same
 * processor, and until what the start took is given back (`src/wiring/settle.ts`).
 */
export const portolanWarmUpMs = 12_000;

/** The real program with one worker, told by a Marathon of its own where the replica is. */
export const portolan: Contender = portolanWith("portolan", {});

/** The same with two workers that share the port. */
export const portolanTwoWorkers: Contender = portolanWith("portolan, 2 workers", { workers: 2 });

export interface PortolanShape {
  /** Of the app whose service is measured. Default none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default 1. */
  readonly workers?: number;
  /** Further flags; default none. */
  readonly flags?: readonly string[];
}

/** The program in another shape, as a contender of its own. */
export function portolanWith(name: string, shape: PortolanShape): Contender {
  return {
    name,
    warmUpMs: portolanWarmUpMs,
    find: ({ isBuilt }) => ({ kind: "found", version: isBuilt ? "built program" : "source" }),
    start: (setup) => startPortolanFor(setup, shape),
  };
}

async function startPortolanFor(
  { replica, protocol, cpus, program, connections }: Setup,
  { labels = {}, workers = 1, flags = [] }: PortolanShape,
): Promise<Running> {
  await using owned = new AsyncDisposableStack();
  const marathon = owned.use(Actor.start<MarathonVerbs>("marathon.ts", { cpus: cpus.rest }));
  const url = await marathon.call("open", undefined);
  const limit = connections === undefined ? [] : ["--max-connections", String(connections)];
  const address = { host: "127.0.0.1", port: await freePort() };
  await marathon.call("putApp", { id: "/bench", servicePort: address.port, protocol, labels });
  await marathon.call("addTask", { app: "/bench", port: replica.port });
  const proxy: Portolan = owned.use(
    await startPortolan({
      marathon: url,
      program,
      cpus: cpus.proxy,
      flags: ["--workers", String(workers), ...limit, ...flags],
    }),
  );
  await proxy.listening(formatAddress(address));
  const mostConnections = await proxy.metric("portolan_connections_limit");
  const life = owned.move();
  const dispose = (): Promise<void> => life.disposeAsync();
  return { address, pids: [proxy.pid], mostConnections, [Symbol.asyncDispose]: dispose };
}
