import { createServer, type Server } from "node:net";
import { eventually } from "./eventually.ts";

/**
 * Only one portolan that shares its ports, for its several workers or its successor, may serve 127.0.0.1: waits until no
 * other test has one there, and keeps the others waiting until it is disposed. They know of each other by an abstract socket,
 * which only Linux has.
 */
export async function aloneWithShares(): Promise<AsyncDisposable> {
  if (process.platform !== "linux") return { async [Symbol.asyncDispose]() {} };
  return await eventually(claim, { withinMs: 90_000, what: "an end of others that share ports" });
}

function claim(): Promise<Server | false> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen("\0portolan-test/shares/127.0.0.1", () => resolve(server));
  });
}
