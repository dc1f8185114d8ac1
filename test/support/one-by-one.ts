import { connect } from "node:net";

export interface Visits {
  readonly port: number;
  readonly connections: number;
  /** On each connection: a chunk there, the same chunk back. */
  readonly exchanges: number;
  /** A request of HTTP there, and its answer, which ends with `answerEnd`, back. Default false. */
  readonly isHttp?: boolean;
}

const piece = Buffer.alloc(64, "x");
const request = Buffer.from("GET / HTTP/1.1\r\nHost: counted.test\r\n\r\n");
/** How an answer of HTTP ends here, which comes in one piece. */
export const answerEnd = "\r\n\r\nanswered";

/** Connects again and again, each time when the connection before is closed, so that nothing happens at once. */
export async function visitOneByOne(visits: Visits): Promise<void> {
  for (let visit = 0; visit < visits.connections; visit += 1) await visitOnce(visits);
}

function visitOnce({ port, exchanges, isHttp = false }: Visits): Promise<void> {
  const word = isHttp ? request : piece;
  return new Promise((resolve, reject) => {
    let left = exchanges;
    let missing = piece.length;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", reject);
    socket.once("connect", () => socket.write(word));
    socket.on("data", (chunk: Buffer) => {
      missing -= chunk.length;
      if (isHttp ? !chunk.toString().endsWith(answerEnd) : missing > 0) return;
      missing = piece.length;
      left -= 1;
      if (left > 0) socket.write(word);
      else socket.end();
    });
    socket.once("close", () => {
      if (left === 0) resolve();
      else reject(new Error(`closed with ${left} of ${exchanges} exchanges to go`));
    });
  });
}
