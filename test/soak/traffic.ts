import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** How connections of one kind have gone so far. */
export interface Tally {
  served: number;
  readonly failures: Map<string, number>;
}

export function newTally(): Tally {
  return { served: 0, failures: new Map() };
}

export interface TrafficOptions {
  readonly port: number;
  readonly perSecond: number;
  readonly signal: AbortSignal;
  readonly tally: Tally;
}

/** Connections at a steady rate, each with a greeting to read and an echo to get back, until the signal aborts. */
export async function sendTraffic({
  port,
  perSecond,
  signal,
  tally,
}: TrafficOptions): Promise<void> {
  const running = new Set<Promise<void>>();
  const startedAt = performance.now();
  let opened = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    for (; opened < due && running.size < 500; opened += 1) {
      const visit = visitOnce(port, tally).finally(() => running.delete(visit));
      running.add(visit);
    }
    // A rate that the machine cannot keep is not made up for later.
    opened = Math.max(opened, Math.floor(due));
    await wait(10);
  }
  await Promise.all(running);
}

function visitOnce(port: number, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    let code = "cut";
    const socket = connect(port, "127.0.0.1", () => socket.write("hello"));
    socket.setTimeout(20_000, () => {
      code = "no answer in 20 s";
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.endsWith("\nhello")) socket.end();
    });
    socket.on("close", () => {
      if (text.endsWith("\nhello")) tally.served += 1;
      else tally.failures.set(code, (tally.failures.get(code) ?? 0) + 1);
      resolve();
    });
  });
}
