import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { decode, encode, type DecodedPacket } from "dns-packet";

import { Deadline } from "../../async/deadline.ts";
import { formatAddress, type Address } from "../../model/address.ts";

/** What is asked for, of one name. */
export interface Question {
  readonly name: string;
  readonly type: "SRV" | "A" | "AAAA";
}

export interface Asking {
  /** 0 to 65,535. */
  readonly id: number;
  /** Says how long a datagram may be; servers of old refuse to hear that [rfc6891]. */
  readonly hasOptions: boolean;
  /** For the datagram, and again for a connection. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a datagram may hold without being cut on its way [dns flag day 2020]. */
const datagramBytes = 1232;
const recursionDesired = 0x01_00;
const lengthBytes = 2;

/** One server's answer, by datagram, or by connection when it does not fit; rejects when none comes in time. */
export async function askServer(
  server: Address,
  question: Question,
  asking: Asking,
): Promise<DecodedPacket> {
  const message = messageOf(question, asking);
  const isAnswer = (bytes: Buffer): boolean => repeats(bytes, message, asking);
  const first = decode(await byDatagram(server, { message, isAnswer }, asking));
  if (!first.flag_tc) return first;
  return decode(await byConnection(server, { message, isAnswer }, asking));
}

interface Exchange {
  readonly message: Buffer;
  readonly isAnswer: (bytes: Buffer) => boolean;
}

const options = {
  type: "OPT",
  name: ".",
  udpPayloadSize: datagramBytes,
  ednsVersion: 0,
  extendedRcode: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as const;
/** A root name, a type, a size, a code, and no options. */
const optionsBytes = 11;

function messageOf({ name, type }: Question, { id, hasOptions }: Asking): Buffer {
  return encode({
    type: "query",
    id,
    flags: recursionDesired,
    questions: [{ name, type }],
    additionals: hasOptions ? [{ ...options, options: [] }] : [],
  });
}

async function byDatagram(
  server: Address,
  { message, isAnswer }: Exchange,
  asking: Asking,
): Promise<Buffer> {
  using deadline = deadlineOf(server, asking);
  // A port of its own is the best protection against forged answers that there is here [rfc5452 §4].
  const socket = createSocket(isIPv6(server.host) ? "udp6" : "udp4");
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const stop = (): void => reject(deadline.signal.reason);
  deadline.signal.addEventListener("abort", stop, { once: true });
  if (deadline.signal.aborted) stop();
  try {
    socket.on("error", reject);
    socket.on("message", (bytes) => {
      if (isAnswer(bytes)) resolve(bytes);
    });
    // Connected, so that strangers are not heard and a refusal is.
    socket.once("connect", () => socket.send(message));
    socket.connect(server.port, server.host);
    return await promise;
  } finally {
    socket.close();
  }
}

async function byConnection(
  server: Address,
  { message, isAnswer }: Exchange,
  asking: Asking,
): Promise<Buffer> {
  using deadline = deadlineOf(server, asking);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(message.length);
  const socket = connect({ host: server.host, port: server.port, signal: deadline.signal });
  // Whoever reads it hears of it.
  socket.on("error", () => {});
  let received = Buffer.alloc(0);
  try {
    socket.write(Buffer.concat([length, message]));
    for await (const chunk of socket) {
      if (Buffer.isBuffer(chunk)) received = Buffer.concat([received, chunk]);
      const end = received.length < lengthBytes ? Infinity : received.readUInt16BE() + lengthBytes;
      if (received.length < end) continue;
      const answer = received.subarray(lengthBytes, end);
      if (isAnswer(answer)) return answer;
      throw new Error(`${formatAddress(server)} answers something else`);
    }
    throw new Error(`${formatAddress(server)} closes the connection`);
  } catch (error) {
    deadline.signal.throwIfAborted();
    throw error;
  } finally {
    socket.destroy();
  }
}

function deadlineOf(server: Address, { timeoutMs, signal }: Asking): Deadline {
  const late = (): Error => new Error(`no answer from ${formatAddress(server)} in ${timeoutMs} ms`);
  return new Deadline(timeoutMs, late, signal);
}

/** An answer, and to this question: with its id, and its question in any case [rfc5452 §9.1]. */
function repeats(bytes: Buffer, message: Buffer, { hasOptions }: Asking): boolean {
  const headerBytes = 12;
  if (bytes.length < headerBytes || ((bytes[2] ?? 0) & 0x80) === 0) return false;
  if (bytes.readUInt16BE(0) !== message.readUInt16BE(0)) return false;
  const end = message.length - (hasOptions ? optionsBytes : 0);
  const question = message.subarray(headerBytes, end);
  const repeated = bytes.subarray(headerBytes, headerBytes + question.length);
  return inOneCase(repeated) === inOneCase(question);
}

function inOneCase(bytes: Buffer): string {
  return bytes.toString("latin1").toLowerCase();
}
