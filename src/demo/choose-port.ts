import { createServer } from "node:net";

/** Ports that are looked at instead of one that is taken, and how far they are from one another: neighbours stay free. */
const others = { most: 50, step: 10 } as const;

/**
 * `wanted` when it can be bound on `host` now, else the next one that can. A port that the kernel would give to anybody
 * is the last resort: a replica or a connection may have it before it is bound.
 */
export async function choosePort(wanted: number, host: string): Promise<number> {
  for (let turn = 0; turn <= others.most; turn += 1) {
    const found = await tryPort(wanted + turn * others.step, host);
    if (found !== undefined) return found;
  }
  return (await tryPort(0, host)) ?? wanted;
}

function tryPort(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => {
      const bound = server.address();
      const got = bound !== null && typeof bound === "object" ? bound.port : undefined;
      server.close(() => resolve(got));
    });
  });
}
