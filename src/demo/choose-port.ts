import { createServer } from "node:net";

/** `wanted` when it can be bound on `host` now, else any free port. */
export async function choosePort(wanted: number, host: string): Promise<number> {
  return (await tryPort(wanted, host)) ?? (await tryPort(0, host)) ?? wanted;
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
