import type { Socket } from "node:net";

/** Calls back once the kernel has taken all that was written to a socket, unless it is destroyed before. */
export function whenTaken(socket: Socket, then: () => void): void {
  // `drain` comes only after a write that was too much.
  socket.write("", () => {
    if (!socket.destroyed) then();
  });
}
