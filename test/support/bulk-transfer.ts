import { once } from "node:events";
import { connect, type Socket } from "node:net";

const mebibyte = Buffer.alloc(1024 * 1024, "x");

/** A replica that sends so many MiB to whoever connects, and its end. */
export function pouring(mebibytes: number): (socket: Socket) => void {
  return (socket) => {
    let left = mebibytes;
    const pour = (): void => {
      if (left === 0) return void socket.end();
      left -= 1;
      // As soon as the kernel has all of it: there is always more on the way than the proxy reads at once.
      socket.write(mebibyte, pour);
    };
    socket.resume();
    pour();
  };
}

/** Takes everything that comes until its end; gives the number of bytes. */
export async function takeAll(port: number): Promise<number> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.resume();
  await once(socket, "end");
  const taken = socket.bytesRead;
  socket.destroy();
  return taken;
}
