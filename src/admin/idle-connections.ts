import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Keeps room for newcomers: past `most` connections, those that wait longest with no request under way are closed. */
export function closeIdleBeyond(most: number, server: Server): void {
  // In the order in which they became idle.
  const idle = new Set<Socket>();
  let open = 0;
  server.on("connection", (socket: Socket) => {
    open += 1;
    idle.add(socket);
    socket.once("close", () => {
      open -= 1;
      idle.delete(socket);
    });
    const [oldest] = idle;
    if (open > most && oldest !== undefined && oldest !== socket) {
      idle.delete(oldest);
      oldest.destroy();
    }
  });
  server.prependListener("request", ({ socket }, response) => {
    idle.delete(socket);
    response.once("close", () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
}
