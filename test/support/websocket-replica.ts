import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { answering } from "./http-exchange.ts";
import type { TcpReplica } from "./tcp-replica.ts";

/** Agrees to every WebSocket and sends back each message it gets. */
export function startWebSocketReplica(): Promise<TcpReplica> {
  return answering((socket, head) => {
    const key = /sec-websocket-key: (.*)\r\n/i.exec(head)?.[1] ?? "";
    const accept = createHash("sha1")
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.removeAllListeners("data");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    echoFrames(socket);
  });
}

/** Sends back the payload of binary frames, unmasked, in frames of its own; a closing frame ends it. */
function echoFrames(socket: Socket): void {
  let pieces: Buffer[] = [];
  let missing = 0;
  socket.on("data", (bytes: Buffer) => {
    pieces.push(bytes);
    missing -= bytes.length;
    if (missing > 0) return;
    let held = Buffer.concat(pieces);
    for (let frame = readFrame(held); frame !== undefined; frame = readFrame(held)) {
      held = held.subarray(frame.end);
      const head = Buffer.alloc(10);
      head[0] = 0x80 | frame.code;
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(frame.payload.length), 2);
      if (frame.code === 8) socket.end(Buffer.from([0x88, 0]));
      else socket.write(Buffer.concat([head, frame.payload]));
    }
    pieces = [held];
    if (held.length >= 10 && (held[1] ?? 0) === 255) {
      missing = Number(held.readBigUInt64BE(2)) + 14 - held.length;
    }
  });
}

function readFrame(bytes: Buffer): { code: number; payload: Buffer; end: number } | undefined {
  const short = (bytes[1] ?? 0) & 127;
  const at = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < at + 4) return undefined;
  const long = short === 127 ? Number(bytes.readBigUInt64BE(2)) : bytes.readUInt16BE(2);
  const length = short < 126 ? short : long;
  const end = at + 4 + length;
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, end));
  for (let index = 0; index < payload.length; index += 1) {
    payload[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return { code: (bytes[0] ?? 0) & 15, payload, end };
}
