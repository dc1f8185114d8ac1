import { createServer } from "node:net";
import { once } from "node:events";

/** A TCP port that nobody listened on a moment ago; nothing else in the test run asks for it again. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, "listening");
  const bound = server.address();
  server.close();
  await once(server, "close");
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return bound.port;
}
