import { Agent, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { UdpClient } from "../support/udp-client.ts";

/** How traffic of one kind has gone so far. */
export interface Tally {
  served: number;
  /** Those that were under way when a replica died, which may have been theirs. */
  byFaults: number;
  readonly failures: Map<string, number>;
}

export function newTally(): Tally {
  return { served: 0, byFaults: 0, failures: new Map() };
}

export interface TrafficOptions {
  readonly port: number;
  readonly perSecond: number;
  readonly signal: AbortSignal;
  readonly tally: Tally;
  /** How many replicas have died so far. */
  readonly deaths: () => number;
}

/** An answer that takes longer is none, in ms; how long a client of several questions rests between two. */
const [patienceMs, datagramPatienceMs, restMs] = [20_000, 5000, 20];
/** What is said of a question that nobody answered. */
export const noAnswer = "no answer";
/** Questions of one client before another one comes. */
const questions = 100;

/** Connections at a steady rate, each with a greeting to read and an echo to get back, until the signal aborts. */
export async function sendTraffic(options: TrafficOptions): Promise<void> {
  await atRate(options, () => connectOnce(options.port));
}

/** The same with requests of HTTP, each on a connection of its own. */
export async function sendRequests(options: TrafficOptions): Promise<void> {
  await atRate(options, () => requestOnce(options.port, "once"));
}

/** Clients that ask on one connection as long as it is kept: `perSecond` requests by all of them, until the signal aborts. */
export async function keepRequesting(options: TrafficOptions): Promise<void> {
  await byClients(options, async (client) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < questions && !options.signal.aborted; count += 1) {
      await noted(options, () => requestOnce(options.port, `${client}/${count}`, agent));
      await wait(restMs);
    }
    agent.destroy();
  });
}

/** Clients that ask by datagram: `perSecond` by all of them, until the signal aborts. */
export async function sendDatagrams(options: TrafficOptions): Promise<void> {
  await byClients(options, async (client) => {
    await using asking = await UdpClient.open(options.port);
    for (let count = 0; count < questions && !options.signal.aborted; count += 1) {
      const words = `${client}/${count}`;
      await noted(options, async () => {
        const answer = await asking.ask(words, datagramPatienceMs).catch(() => noAnswer);
        return String(answer) === words ? "served" : String(answer);
      });
      await wait(restMs);
    }
  });
}

/** Runs as many clients at a time as the rate takes, each followed by another one, until the signal aborts. */
async function byClients(
  { perSecond, signal }: TrafficOptions,
  live: (name: number) => Promise<void>,
): Promise<void> {
  let clients = 0;
  const follow = async (): Promise<void> => {
    while (!signal.aborted) await live((clients += 1));
  };
  await Promise.all(Array.from({ length: clientsFor(perSecond) }, follow));
}

/** How many clients that rest between two questions ask so many of them. */
export function clientsFor(perSecond: number): number {
  return Math.max(1, Math.round((perSecond * restMs) / 1000));
}

/** Visits at a steady rate, until the signal aborts; each says what became of it. */
export async function atRate(
  options: Omit<TrafficOptions, "port">,
  visit: () => Promise<string>,
): Promise<void> {
  const { perSecond, signal } = options;
  const running = new Set<Promise<void>>();
  const startedAt = performance.now();
  let opened = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    for (; opened < due && running.size < 500; opened += 1) {
      const one = noted(options, visit).finally(() => running.delete(one));
      running.add(one);
    }
    // A rate that the machine cannot keep is not made up for later.
    opened = Math.max(opened, Math.floor(due));
    await wait(10);
  }
  await Promise.all(running);
}

async function noted(
  { tally, deaths }: Omit<TrafficOptions, "port">,
  visit: () => Promise<string>,
): Promise<void> {
  const before = deaths();
  const fate = await visit();
  if (fate === "served") tally.served += 1;
  else if (deaths() !== before) tally.byFaults += 1;
  else tally.failures.set(fate, (tally.failures.get(fate) ?? 0) + 1);
}

/** What becomes of one connection: `served`, or what went wrong. */
export function connectOnce(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    let code = "cut";
    const socket = connect(port, "127.0.0.1", () => socket.write("hello"));
    socket.setTimeout(patienceMs, () => {
      code = noAnswer;
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.endsWith("\nhello")) socket.end();
    });
    socket.on("close", () => resolve(text.endsWith("\nhello") ? "served" : code));
  });
}

/** What becomes of one request, whose answer is what it asks for. */
export function requestOnce(
  port: number,
  words: string,
  agent: Agent | false = false,
): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ port, host: "127.0.0.1", path: `/${words}`, agent }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      answer.on("error", (error) => resolve(error.message));
      answer.on("close", () => {
        const isServed = answer.statusCode === 200 && text === `/${words}`;
        resolve(isServed ? "served" : `status ${answer.statusCode}`);
      });
    });
    asked.setTimeout(patienceMs, () => asked.destroy(new Error(noAnswer)));
    asked.on("error", (error: NodeJS.ErrnoException) => {
      resolve(`${asked.reusedSocket ? "reused: " : ""}${error.code ?? error.message}`);
    });
    asked.end();
  });
}
