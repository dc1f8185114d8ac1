import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Closes a socket at once, by a reset where that can be. While its FIN is on the way out a reset is refused by libuv
 * (EINVAL from `uv_tcp_close_reset`) and the handle would stay open for ever without a `close`: then the plain close
 * has to do. As long as bytes wait before the FIN, there is no shutdown yet, and a plain close would make what is cut
 * off look whole. TLS has no reset: an end without its `close_notify` says the same.
 */
export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) {
    socket.destroy();
    return;
  }
  const finIsOut = socket.writableEnded && socket.writableLength === 0;
  if (finIsOut && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
