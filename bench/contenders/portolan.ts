import { formatAddress } from "../../src/model/address.ts";
import type { MarathonVerbs } from "../actors/verbs.ts";
import { Actor } from "../support/actor.ts";
import { freePort } from "../support/ports.ts";
import { type Portolan, startPortolan } from "../support/portolan.ts";
import type { Contender, Running, Setup } from "./contender.ts";

/** The real program with one worker, told by a Marathon of its own where the replica is. */
export const portolan: Contender = {
  name: "portolan",
  find: ({ isBuilt }) => ({ kind: "found", version: isBuilt ? "built program" : "source" }),
  start: (setup) => startPortolanFor(setup, {}),
};

/** Starts the program with a service that has these labels. */
export async function startPortolanFor(
  { replica, protocol, cpus, program }: Setup,
  labels: Readonly<Record<string, string>>,
): Promise<Running> {
  await using owned = new AsyncDisposableStack();
  const marathon = owned.use(Actor.start<MarathonVerbs>("marathon.ts", { cpus: cpus.rest }));
  const url = await marathon.call("open", undefined);
  const address = { host: "127.0.0.1", port: await freePort() };
  await marathon.call("putApp", { id: "/bench", servicePort: address.port, protocol, labels });
  await marathon.call("addTask", { app: "/bench", port: replica.port });
  const proxy: Portolan = owned.use(
    await startPortolan({ marathon: url, program, cpus: cpus.proxy, flags: ["--workers", "1"] }),
  );
  await proxy.listening(formatAddress(address));
  const life = owned.move();
  return { address, pids: [proxy.pid], [Symbol.asyncDispose]: () => life.disposeAsync() };
}
