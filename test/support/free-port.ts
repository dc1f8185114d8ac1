import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Ports are claimed by parts; the first one of a part is the claim. */
const partSize = 200;
/** Above the sample apps' ports, below what most kernels give to connections and to listeners that take any port. */
const usual = { first: 20_000, last: 32_000 } as const;
/** Where some are free if the kernel gives away the usual ones. */
const others = [
  { first: 61_000, last: 65_400 },
  { first: 4000, last: 8000 },
] as const;

/** Ports of this thread's own parts that were not given out yet. */
let claimed: Promise<number[]> | undefined;

/**
 * A TCP port that nobody listens on, that is not given out again here or to other tests that run at the same time, and
 * that no connection is given by chance.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = await nextPort();
    if (await isFree(port, host)) return port;
  }
}

async function nextPort(): Promise<number> {
  for (;;) {
    const claim = (claimed ??= claimPart());
    const port = (await claim).pop();
    if (port !== undefined) return port;
    if (claimed === claim) claimed = undefined;
  }
}

/** The ports of a part that is nobody else's until this thread ends. */
async function claimPart(): Promise<number[]> {
  for (const first of allParts()) {
    const claim = await listen(first, "127.0.0.1");
    if (claim === undefined) continue;
    claim.unref();
    claim.on("connection", (socket) => socket.destroy());
    const ports = Array.from({ length: partSize - 1 }, (_, index) => first + 1 + index);
    // Not in the same order each time: who had the part before may still be asked for.
    return turned(ports, randomInt(ports.length));
  }
  throw new Error("every part of the ports is somebody's");
}

/** First ports of parts: of the usual ones, of others where the kernel gives those away, and of those after all. */
function allParts(): readonly number[] {
  const { low, high } = givenByKernel();
  const isOurs = (first: number): boolean => first + partSize <= low || first > high;
  const kept = [partsOf(usual), others.flatMap(partsOf)].map((parts) => parts.filter(isOurs));
  return [...kept, partsOf(usual)].flatMap((parts) => turned(parts, process.pid % parts.length));
}

/** The same ones, beginning with this one. */
function turned(numbers: readonly number[], begin: number): number[] {
  return [...numbers.slice(begin), ...numbers.slice(0, begin)];
}

function partsOf({ first, last }: { readonly first: number; readonly last: number }): number[] {
  return Array.from({ length: (last - first) / partSize }, (_, index) => first + index * partSize);
}

function givenByKernel(): { readonly low: number; readonly high: number } {
  const path = "/proc/sys/net/ipv4/ip_local_port_range";
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const [low = 32_768, high = 65_535] = (text.match(/\d+/g) ?? []).map(Number);
  return { low, high };
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = await listen(port, host);
  if (server === undefined) return false;
  server.close();
  await once(server, "close");
  return true;
}

/** Undefined when somebody has it. */
async function listen(port: number, host: string): Promise<Server | undefined> {
  const server = createServer();
  const listening = once(server, "listening");
  server.listen(port, host);
  try {
    await listening;
    return server;
  } catch {
    return undefined;
  }
}
