import { connect } from "node:net";
import { Lineage } from "../support/lineage.ts";

export interface ReplacementOptions {
  /** Connections to make, at least. */
  readonly connections: number;
  /** Times that portolan is replaced meanwhile, at least. */
  readonly replacements: number;
  readonly workers: number;
  /** Clients at a time, each with one connection after another. */
  readonly clients: number;
}

export interface ReplacementFigures {
  readonly connections: number;
  readonly replacements: number;
  /** Connections that failed or did not get every byte back, by what happened to them. */
  readonly lost: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const words = "all of this comes back";

/** Makes one connection after another while portolan is replaced again and again. */
export async function replaceUnderLoad(options: ReplacementOptions): Promise<ReplacementFigures> {
  await using lineage = await Lineage.open({ workers: options.workers });
  let running = await lineage.first();
  const lost: Record<string, number> = {};
  const startedAt = performance.now();
  let [connections, replacements] = [0, 0];
  const isOver = (): boolean =>
    connections >= options.connections && replacements >= options.replacements;
  const run = async (): Promise<void> => {
    while (!isOver()) {
      const ending = await fate(lineage.port);
      connections += 1;
      if (ending !== "served") lost[ending] = (lost[ending] ?? 0) + 1;
    }
  };
  const clients = Array.from({ length: options.clients }, run);
  while (!isOver()) {
    const next = await lineage.next();
    if ((await running.exit()) !== 0) throw new Error(`it did not end well: ${running.stdout}`);
    running = next;
    replacements += 1;
  }
  await Promise.all(clients);
  return { connections, replacements, lost, seconds: (performance.now() - startedAt) / 1000 };
}

/** What becomes of one connection: `served`, or what went wrong. */
async function fate(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  let [text, failure] = ["", ""];
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length === words.length) socket.end();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    failure = `${error.syscall ?? ""} ${error.code ?? error.message}`;
  });
  socket.write(words);
  // Not by `once`, which rejects for an error that comes before.
  await new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  if (failure !== "") return failure;
  return text === words ? "served" : "closed early";
}
