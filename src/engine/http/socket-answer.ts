import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";
import { formatFields, type RawFields } from "./fields.ts";
import { formatResponseHead, type ResponseHead } from "./response-head.ts";

/** An answer straight to a socket that the platform has let go of, as for a change of protocol; the connection ends with it. */
export class SocketAnswer implements Answer {
  readonly #client: Socket;
  readonly isLast: boolean = true;
  isBegun: boolean = false;

  constructor(client: Socket) {
    this.#client = client;
  }

  interim(head: ResponseHead): void {
    this.#client.write(formatResponseHead(head, ""), "latin1");
  }

  begin(head: ResponseHead, { more }: { readonly more: readonly string[] }): void {
    this.isBegun = true;
    const last = `${formatFields(more)}Connection: close\r\n`;
    this.#client.write(formatResponseHead(head, last), "latin1");
  }

  /** Says yes to the change of protocol, with these further fields. */
  change(head: ResponseHead, more: RawFields): void {
    this.isBegun = true;
    const last = `${formatFields(more)}Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
    this.#client.write(formatResponseHead(head, last), "latin1");
  }

  write(bytes: Buffer, drained: () => void): boolean {
    if (this.#client.write(bytes)) return true;
    this.#client.once("drain", drained);
    return false;
  }

  end(last: Buffer | undefined): void {
    if (last === undefined) this.#client.end();
    else this.#client.end(last);
    this.#client.resume();
  }

  loseRequest(): void {
    // What asks for a change of protocol has no body.
  }
}
