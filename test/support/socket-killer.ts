import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { ListeningSockets } from "../../src/workers/listening-sockets.ts";
import { isMissing } from "./real-server.ts";

/** Has the kernel destroy what listens on this port of 127.0.0.1; nobody is told. */
export function killListeners(port: number): void {
  const which = ["state", "listening", "src", `127.0.0.1:${port}`];
  execFileSync("ss", ["--tcp", "--numeric", "--kill", ...which], { stdio: "ignore" });
}

/** Sockets that listen on a port of 127.0.0.1. */
export function countListeners(port: number): number {
  return new ListeningSockets().read()?.get(`127.0.0.1:${port}`) ?? 0;
}

/** Why that cannot be done here, or false. */
export async function noSocketKiller(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "destroying a socket takes root";
  const missing = isMissing("ss", "iproute2");
  if (missing !== false) return missing;
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  killListeners(port);
  const isGone = countListeners(port) === 0;
  server.close();
  return isGone ? false : "the kernel destroys no sockets (CONFIG_INET_DIAG_DESTROY)";
}
