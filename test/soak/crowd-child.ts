// A crowd as a program: connects so many clients, some at a time, and answers how they fare until it is told to go.
import { connect, type Socket } from "node:net";
import { pour } from "../support/pouring.ts";

interface Told {
  readonly port: number;
  readonly host?: string;
  /** null for one after the other without an end. */
  readonly count: number | null;
  readonly say: string;
  readonly dripMs?: number;
  readonly deaf?: boolean;
  readonly hasty?: boolean;
  readonly inTurn?: boolean;
  readonly perSecond?: number;
  readonly readMs?: number;
  readonly pushes?: boolean;
  readonly others?: readonly number[];
  readonly from?: string;
}

/** Connections that are being made at the same time. */
const atOnce = 200;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what crowd.ts sends
const told = JSON.parse(process.argv[2] ?? "{}") as Told;
const { port, host = "127.0.0.1", count, deaf = false, hasty = false, from, others = [] } = told;
const { dripMs, inTurn = false, perSecond, readMs, pushes = false } = told;
const ports = [port, ...others];
const first = Buffer.from(told.say, "hex");
const errors: Record<string, number> = {};
const faring = { connected: 0, greeted: 0, closed: 0, shortestMs: 0, longestMs: 0, errors };
const startedAt = performance.now();
let [begun, underWay] = [0, 0];

function come(): void {
  const to = ports[begun % ports.length] ?? port;
  begun += 1;
  underWay += 1;
  let isUnderWay = true;
  const settle = (): void => {
    if (isUnderWay) underWay -= 1;
    isUnderWay = false;
    setImmediate(fill);
  };
  const local = from === undefined ? {} : { localAddress: from };
  const socket = connect({ port: to, host, allowHalfOpen: true, ...local });
  let connectedAt = performance.now();
  socket.on("error", (error: NodeJS.ErrnoException) => {
    const code = error.code ?? error.message;
    errors[code] = (errors[code] ?? 0) + 1;
  });
  socket.once("connect", () => {
    faring.connected += 1;
    connectedAt = performance.now();
    behave(socket);
    if (!inTurn) settle();
  });
  if (!deaf && !hasty) {
    socket.once("data", () => (faring.greeted += 1));
    socket.once("end", () => socket.destroy());
  }
  socket.once("close", () => {
    noteEnd(performance.now() - connectedAt);
    settle();
  });
}

/** What a client does that is connected. */
function behave(socket: Socket): void {
  if (first.length > 0) socket.write(first);
  if (dripMs !== undefined) drip(socket, dripMs);
  if (readMs !== undefined) setTimeout(() => socket.pause(), readMs);
  if (pushes) pour(socket);
  if (!hasty) return;
  if (begun % 2 === 0) socket.resetAndDestroy();
  else socket.destroy();
}

function drip(socket: Socket, everyMs: number): void {
  const drops = setInterval(() => socket.write("x"), everyMs);
  socket.once("close", () => clearInterval(drops));
}

function noteEnd(lastedMs: number): void {
  faring.shortestMs = faring.closed === 0 ? lastedMs : Math.min(faring.shortestMs, lastedMs);
  faring.longestMs = Math.max(faring.longestMs, lastedMs);
  faring.closed += 1;
}

function fill(): void {
  const seconds = (performance.now() - startedAt) / 1000;
  const due = Math.min(count ?? Infinity, perSecond === undefined ? Infinity : seconds * perSecond);
  while (underWay < atOnce && begun < due) come();
}

process.on("message", () => process.send?.(faring));
process.once("disconnect", () => process.exit());
process.send?.("gathering");
if (perSecond !== undefined) setInterval(fill, 5);
fill();
