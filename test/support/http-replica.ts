import type { Socket } from "node:net";
import { TcpReplica } from "./tcp-replica.ts";

/** A replica that keeps every byte it gets and answers each request it can tell the end of with 200 and no body. */
export class RecordingReplica implements AsyncDisposable {
  readonly #replica: TcpReplica;
  readonly #pieces: Buffer[];

  private constructor(replica: TcpReplica, pieces: Buffer[]) {
    this.#replica = replica;
    this.#pieces = pieces;
  }

  static async start(
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  ): Promise<RecordingReplica> {
    const pieces: Buffer[] = [];
    const replica = await TcpReplica.start((socket) => {
      let unanswered = Buffer.alloc(0);
      socket.on("data", (bytes: Buffer) => {
        pieces.push(bytes);
        unanswered = Buffer.concat([unanswered, bytes]);
        for (
          let end = endOfRequest(unanswered);
          end !== undefined;
          end = endOfRequest(unanswered)
        ) {
          unanswered = unanswered.subarray(end);
          socket.write(answer);
        }
      });
      socket.on("end", () => socket.end());
    });
    return new RecordingReplica(replica, pieces);
  }

  get port(): number {
    return this.#replica.port;
  }

  get sockets(): readonly Socket[] {
    return this.#replica.sockets;
  }

  /** Everything it got, in Latin-1. */
  get text(): string {
    return Buffer.concat(this.#pieces).toString("latin1");
  }

  /** The requests it got whole, each in Latin-1. */
  get requests(): string[] {
    const requests: string[] = [];
    let rest = Buffer.concat(this.#pieces);
    for (let end = endOfRequest(rest); end !== undefined; end = endOfRequest(rest)) {
      requests.push(rest.subarray(0, end).toString("latin1"));
      rest = rest.subarray(end);
    }
    return requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#replica[Symbol.asyncDispose]();
  }
}

/** Where the first request in these bytes ends, as a strict reader of what we write sees it. */
function endOfRequest(bytes: Buffer): number | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const text = bytes.toString("latin1", 0, head);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? "0");
  if (!/\r\ntransfer-encoding: chunked/i.test(text)) {
    return bytes.length >= head + 4 + length ? head + 4 + length : undefined;
  }
  let at = head + 4;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (size === 0) break;
    at = lineEnd + 2 + size + 2;
  }
  const last = bytes.indexOf("\r\n\r\n", at);
  return last === -1 ? undefined : last + 4;
}
