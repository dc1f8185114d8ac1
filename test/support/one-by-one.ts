import { connect } from "node:net";

export interface Visits {
  readonly port: number;
  readonly connections: number;
  /** On each connection: a chunk there, the same chunk back. */
  readonly exchanges: number;
}

const piece = Buffer.alloc(64, "x");

/** Connects again and again, each time when the connection before is closed, so that nothing happens at once. */
export async function visitOneByOne({ port, connections, exchanges }: Visits): Promise<void> {
  for (let visit = 0; visit < connections; visit += 1) await visitOnce(port, exchanges);
}

function visitOnce(port: number, exchanges: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = exchanges;
    let missing = piece.length;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", reject);
    socket.once("connect", () => socket.write(piece));
    socket.on("data", (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing > 0) return;
      missing = piece.length;
      left -= 1;
      if (left > 0) socket.write(piece);
      else socket.end();
    });
    socket.once("close", () => {
      if (left === 0) resolve();
      else reject(new Error(`closed with ${left} of ${exchanges} exchanges to go`));
    });
  });
}
