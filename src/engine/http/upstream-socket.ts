import { Socket } from "node:net";
import type { ReadBuffers } from "../tcp/read-buffers.ts";
import { UpstreamIntake } from "./upstream-intake.ts";

type Written = (error?: Error | null) => void;

/** What a write fails with once the other side has closed. */
const closedBy: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET"]);

/**
 * A connection to a replica whose answer is read although it takes no more of the request: replicas refuse long bodies and
 * close at once, and the platform would destroy the socket for the failed write with the answer unread. Reading goes on to
 * the end, which comes at once, and only that tells what became of the connection.
 */
export class UpstreamSocket extends Socket {
  /** The replica has closed while it was sent to, so that an end of what it says is no proof of a whole answer. */
  isCutOff: boolean = false;
  /** There is no answer to wait for: a failed write ends it, as any other socket. */
  isPlain: boolean = false;
  /** How it is read. */
  readonly intake: UpstreamIntake;
  #written: Written | undefined;

  constructor(buffers: ReadBuffers) {
    const intake = new UpstreamIntake(buffers);
    super({ allowHalfOpen: true, noDelay: true, onread: intake });
    this.intake = intake;
    intake.socket = this;
  }

  override _write(bytes: unknown, encoding: BufferEncoding, written: Written): void {
    this.#written = written;
    // oxlint-disable-next-line no-underscore-dangle -- the platform's name
    super._write(bytes, encoding, this.#tell);
  }

  override _writev(
    pieces: { readonly chunk: unknown; readonly encoding: BufferEncoding }[],
    written: Written,
  ): void {
    this.#written = written;
    // oxlint-disable-next-line no-underscore-dangle -- the platform's name
    super._writev?.(pieces, this.#tell);
  }

  /** One for all writes, of which there is one at a time [node: writable `_write`]. */
  readonly #tell: Written = (error) => {
    const code = error != null && "code" in error ? error.code : "";
    this.isCutOff ||= typeof code === "string" && closedBy.has(code);
    if (this.isPlain || !this.isCutOff) this.#written?.(error);
  };
}
