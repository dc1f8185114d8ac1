import { once } from "node:events";
import { connect, createServer } from "node:net";

export interface Refusal extends AsyncDisposable {
  readonly port: number;
}

/**
 * A port at which nobody listens, and nobody else can while this is held: a connection of our own uses it as its
 * local port, so the kernel neither gives it away nor accepts on it.
 */
export async function refuse(): Promise<Refusal> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const holder = connect({ port: bound.port, host: "127.0.0.1" });
  holder.on("error", () => undefined);
  await once(holder, "connect");
  const { localPort } = holder;
  if (localPort === undefined) throw new Error("no local port");
  return {
    port: localPort,
    async [Symbol.asyncDispose]() {
      holder.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
