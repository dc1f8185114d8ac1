import type { Socket } from "node:net";

/**
 * Closes a socket at once, by a reset where that can be. While its FIN is on the way out a reset is refused by libuv
 * (EINVAL from `uv_tcp_close_reset`) and the handle would stay open for ever without a `close`: then the plain close
 * has to do.
 */
export function reset(socket: Socket): void {
  const shuttingDown = socket.writableEnded && !socket.writableFinished;
  if (shuttingDown) socket.destroy();
  else socket.resetAndDestroy();
}
