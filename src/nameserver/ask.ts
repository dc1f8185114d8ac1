import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6 } from "node:net";
import { Deadline } from "../async/deadline.ts";
import { formatAddress, type Address } from "../model/address.ts";
import { framed, messagesIn } from "./frames.ts";
import { headerBytes } from "./message.ts";

const longestAnswer = 65_535;

/** A question on its way to another server. */
export interface Outgoing {
  readonly message: Buffer;
  /** The name, type and class in it. */
  readonly question: Buffer;
}

/** How long to wait for one server, in ms. */
export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks one server by one datagram; rejects when no answer to this question comes in time. */
export async function askByUdp(
  server: Address,
  outgoing: Outgoing,
  patience: Patience,
): Promise<Buffer> {
  using deadline = deadlineOf(server, patience);
  // A port of its own, which is the best protection against forged answers there is here. [rfc5452 §4]
  const socket = createSocket(isIPv6(server.host) ? "udp6" : "udp4");
  try {
    return await new Promise((resolve, reject) => {
      socket.on("error", reject);
      deadline.signal.addEventListener("abort", () => reject(deadline.signal.reason), {
        once: true,
      });
      socket.on("message", (answer) => {
        if (isAnswerTo(outgoing, answer)) resolve(answer);
      });
      // Connected, so that only this server's datagrams come in and a refusal is noticed.
      socket.once("connect", () => socket.send(outgoing.message));
      socket.connect(server.port, server.host);
    });
  } finally {
    socket.close();
  }
}

/** The same over a connection, for answers that a datagram cannot hold. */
export async function askByTcp(
  server: Address,
  outgoing: Outgoing,
  patience: Patience,
): Promise<Buffer> {
  using deadline = deadlineOf(server, patience);
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  socket.on("error", () => undefined);
  const stop = (): void => {
    socket.destroy(new Error("too late"));
  };
  deadline.signal.addEventListener("abort", stop, { once: true });
  try {
    await once(socket, "connect");
    socket.write(framed(outgoing.message));
    for await (const answer of messagesIn(socket, longestAnswer))
      if (isAnswerTo(outgoing, answer)) return answer;
    throw new Error(`${formatAddress(server)} closed the connection`);
  } finally {
    socket.destroy();
  }
}

function deadlineOf(server: Address, { timeoutMs, signal }: Patience): Deadline {
  const late = (): Error => new Error(`no answer from ${formatAddress(server)} in ${timeoutMs} ms`);
  return new Deadline(timeoutMs, late, signal);
}

/** Same id, same question, and an answer at all. */
function isAnswerTo({ message, question }: Outgoing, answer: Buffer): boolean {
  if (answer.length < headerBytes || ((answer[2] ?? 0) & 0x80) === 0) return false;
  if (answer.readUInt16BE(0) !== message.readUInt16BE(0)) return false;
  const repeated = answer.subarray(headerBytes, headerBytes + question.length);
  return inOneCase(repeated) === inOneCase(question);
}

function inOneCase(bytes: Buffer): string {
  return bytes.toString("latin1").toLowerCase();
}
