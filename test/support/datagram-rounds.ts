import { createSocket } from "node:dgram";
import { once } from "node:events";

const piece = Buffer.alloc(200, "x");
/** Sent again when no answer came in so many ms: nothing promises that a datagram arrives. */
const lostMs = 1000;

/** One client: a datagram there, its answer back, and only then the next one. */
export async function exchangeDatagrams(port: number, rounds: number): Promise<void> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const send = (): void => socket.send(piece, port, "127.0.0.1");
  try {
    await new Promise<void>((resolve, reject) => {
      let left = rounds;
      const timer = setInterval(send, lostMs);
      socket.once("error", reject);
      socket.on("message", () => {
        timer.refresh();
        left -= 1;
        if (left > 0) {
          send();
          return;
        }
        clearInterval(timer);
        resolve();
      });
      send();
    });
  } finally {
    socket.close();
  }
}
