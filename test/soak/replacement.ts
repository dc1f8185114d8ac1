import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Lineage } from "../support/lineage.ts";
import { freePortOfBoth, UdpClient } from "../support/udp-client.ts";
import { namedDatagram, UdpReplica } from "../support/udp-replica.ts";

export interface ReplacementOptions {
  /** Connections to make, at least. */
  readonly connections: number;
  /** Times that portolan is replaced meanwhile, at least. */
  readonly replacements: number;
  readonly workers: number;
  /** Clients at a time, each with one connection after another. */
  readonly clients: number;
  /** Clients at a time that ask by datagram, each with one question after another. */
  readonly datagramClients: number;
}

export interface ReplacementFigures {
  readonly connections: number;
  readonly replacements: number;
  /** Connections that failed or did not get every byte back, by what happened to them. */
  readonly lost: Readonly<Record<string, number>>;
  readonly datagrams: { readonly asked: number; readonly unanswered: number };
  readonly seconds: number;
}

const words = "all of this comes back";
/** An answer that takes longer is none, in ms; and the pause between two questions. */
const [patienceMs, pauseMs] = [2000, 5];

/** Makes one connection after another while portolan is replaced again and again. */
export async function replaceUnderLoad(options: ReplacementOptions): Promise<ReplacementFigures> {
  await using lineage = await Lineage.open({ workers: options.workers });
  await using replica = await UdpReplica.start(namedDatagram(words));
  const udpPort = await freePortOfBoth();
  lineage.list([
    { app: "/web", port: lineage.port },
    { app: "/datagrams", port: udpPort, protocol: "udp", replica: replica.port },
  ]);
  const first = await lineage.first();
  const startedAt = performance.now();
  let replacements = 0;
  const load = new Load(
    ({ connections }) => connections >= options.connections && replacements >= options.replacements,
  );
  const clients = [
    ...Array.from({ length: options.clients }, () => load.connect(lineage.port)),
    ...Array.from({ length: options.datagramClients }, () => load.ask(udpPort)),
  ];
  for (let running = first; !load.isOver; replacements += 1) {
    const next = await lineage.next();
    if ((await running.exit()) !== 0) throw new Error(`it did not end well: ${running.stdout}`);
    running = next;
  }
  await Promise.all(clients);
  const { connections, lost, datagrams } = load;
  const seconds = (performance.now() - startedAt) / 1000;
  return { connections, replacements, lost, datagrams, seconds };
}

/** What clients do until it is enough, and what became of it. */
class Load {
  connections = 0;
  readonly lost: Record<string, number> = {};
  readonly datagrams = { asked: 0, unanswered: 0 };
  readonly #isEnough: (load: Load) => boolean;

  constructor(isEnough: (load: Load) => boolean) {
    this.#isEnough = isEnough;
  }

  get isOver(): boolean {
    return this.#isEnough(this);
  }

  async connect(port: number): Promise<void> {
    while (!this.isOver) {
      const ending = await fate(port);
      this.connections += 1;
      if (ending !== "served") this.lost[ending] = (this.lost[ending] ?? 0) + 1;
    }
  }

  async ask(port: number): Promise<void> {
    await using client = await UdpClient.open(port);
    while (!this.isOver) {
      this.datagrams.asked += 1;
      const answer = await client.ask("who", patienceMs).catch(() => undefined);
      if (answer === undefined) this.datagrams.unanswered += 1;
      await wait(pauseMs);
    }
  }
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
