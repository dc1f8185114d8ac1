import type { Contender } from "./contender.ts";

/** No proxy at all: what the load generator and the replica can do, and what every proxy adds to. */
export const direct: Contender = {
  name: "direct",
  find: () => ({ kind: "found", version: "no proxy" }),
  start: ({ replica }) =>
    Promise.resolve({
      address: replica,
      pids: [],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};
