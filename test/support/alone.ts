import { createServer, type Server } from "node:net";
import { eventually } from "./eventually.ts";

/**
 * Only one portolan of several workers may serve 127.0.0.1: waits until no other test has one there, and keeps the others
 * waiting until it is disposed. They know of each other by an abstract socket, which only Linux has.
 */
export async function aloneWithWorkers(workers: number): Promise<AsyncDisposable> {
  if (workers === 1 || process.platform !== "linux") return { async [Symbol.asyncDispose]() {} };
  return await eventually(claim, {
    withinMs: 60_000,
    what: "an end of others with several workers",
  });
}

function claim(): Promise<Server | false> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen("\0portolan-test/workers/127.0.0.1", () => resolve(server));
  });
}
