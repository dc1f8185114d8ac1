import { connect } from "node:net";
import { isAbort, sleep } from "../async/sleep.ts";

export interface VisitorsOptions {
  /** Service ports on 127.0.0.1 to visit. */
  readonly ports: readonly number[];
  /** Visits per second, over all ports. Default 25. */
  readonly perSecond?: number;
  readonly random: () => number;
}

/** How visits ended so far. */
export interface VisitCount {
  served: number;
  failed: number;
}

const question = "PING / HTTP/1.0\r\n\r\n";

/** Clients that come and go until the signal aborts, so that there is something to watch. */
export async function visit(
  { ports, perSecond = 25, random }: VisitorsOptions,
  count: VisitCount,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      const port = ports[Math.floor(random() * ports.length)];
      if (port !== undefined) call(port, count, 50 + 400 * random());
      await sleep((1000 / perSecond) * (0.5 + random()), signal);
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
}

/** One visit: ask, stay a little, leave. It counts as served when any answer came. */
function call(port: number, count: VisitCount, stayMs: number): void {
  let answered = false;
  const socket = connect(port, "127.0.0.1", () => {
    socket.write(question);
  });
  // How it ended is told by `close`; the error itself has no one to go to.
  socket.on("error", () => undefined);
  socket.on("data", () => {
    answered = true;
  });
  socket.setTimeout(5000, () => {
    socket.destroy();
  });
  const leave = setTimeout(() => {
    socket.end();
  }, stayMs);
  socket.once("close", () => {
    clearTimeout(leave);
    if (answered) count.served += 1;
    else count.failed += 1;
  });
}
