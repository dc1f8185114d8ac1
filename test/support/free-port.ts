import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what the kernel gives to connections and to listeners that take any port, above the sample apps' ports. */
const range = { first: 20_000, last: 32_000 } as const;
/** Test files run beside each other: each begins in a part of its own, so that no two look at one port and both find it free. */
const part = { ports: 200, parts: 60 } as const;
const given = new Set<number>();

/** A TCP port that nobody listens on, that is not given out again here, and that no connection is given by chance. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = candidate();
    if (given.has(port) || !(await isFree(port, host))) continue;
    given.add(port);
    return port;
  }
}

function candidate(): number {
  if (given.size > part.ports / 2) return randomInt(range.first, range.last);
  const first = range.first + (process.pid % part.parts) * part.ports;
  return randomInt(first, first + part.ports);
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening");
  server.listen(port, host);
  try {
    await listening;
  } catch {
    // Somebody has it: another one will do.
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
