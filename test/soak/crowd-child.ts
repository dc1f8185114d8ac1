// A crowd as a program: connects so many clients, some at a time, and answers how they fare until it is told to go.
import { connect, type Socket } from "node:net";

interface Told {
  readonly port: number;
  readonly host?: string;
  readonly count: number;
  readonly say: string;
  readonly dripMs?: number;
  readonly deaf?: boolean;
  readonly hasty?: boolean;
  readonly from?: string;
}

/** Connections that are being made at the same time. */
const atOnce = 200;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what crowd.ts sends
const told = JSON.parse(process.argv[2] ?? "{}") as Told;
const { port, host = "127.0.0.1", count, deaf = false, hasty = false, dripMs, from } = told;
const first = Buffer.from(told.say, "hex");
const faring = { connected: 0, greeted: 0, closed: 0, errors: {} as Record<string, number> };
let [begun, underWay] = [0, 0];

function come(): void {
  begun += 1;
  underWay += 1;
  let isUnderWay = true;
  const settle = (): void => {
    if (isUnderWay) underWay -= 1;
    isUnderWay = false;
    setImmediate(fill);
  };
  const socket = connect({
    port,
    host,
    allowHalfOpen: true,
    ...(from === undefined ? {} : { localAddress: from }),
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    const code = error.code ?? error.message;
    faring.errors[code] = (faring.errors[code] ?? 0) + 1;
  });
  socket.once("connect", () => {
    faring.connected += 1;
    if (first.length > 0) socket.write(first);
    if (dripMs !== undefined) drip(socket, dripMs);
    if (hasty && begun % 2 === 0) socket.resetAndDestroy();
    else if (hasty) socket.destroy();
    settle();
  });
  if (!deaf && !hasty) {
    socket.once("data", () => (faring.greeted += 1));
    socket.once("end", () => socket.destroy());
  }
  socket.once("close", () => {
    faring.closed += 1;
    settle();
  });
}

function drip(socket: Socket, everyMs: number): void {
  const drops = setInterval(() => socket.write("x"), everyMs);
  socket.once("close", () => clearInterval(drops));
}

function fill(): void {
  const most = hasty ? Infinity : count;
  while (underWay < atOnce && begun < most) come();
}

process.on("message", () => process.send?.(faring));
process.once("disconnect", () => process.exit());
process.send?.("gathering");
fill();
