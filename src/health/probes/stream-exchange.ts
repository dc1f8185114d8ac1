import { connect, type Socket } from "node:net";
import {
  connect as connectTls,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { Exchange } from "./attempt.ts";
import { Conversation, type Script } from "./conversation.ts";
import { failed, good, unheard, type Finding } from "./finding.ts";
import type { ProbeTarget } from "./probe.ts";

/** What happens over one TCP connection, after the preface. */
export interface Plan {
  /** Undefined for a plain connection. */
  readonly tls: { readonly serverName: string | undefined } | undefined;
  /** Undefined when being connected (and secured) is all that is asked. */
  readonly script: Script | undefined;
  /**
   * How a good exchange is closed. A reset leaves no TIME_WAIT on this host; but a replica that was just greeted, or
   * that we took leave of, would log it, and sees a plain close.
   */
  readonly parting: "close" | "reset";
}

type Layer = "L4" | "L6" | "L7";

/** Connects, sends the preface, secures the connection and leads the conversation, as far as the plan says. */
export class StreamExchange implements Exchange {
  readonly #plan: Plan;
  readonly #preface: Buffer | undefined;
  readonly #settle: (finding: Finding) => void;
  readonly #socket: Socket;
  /** Where the bytes of the conversation go: the socket, or what secures it. */
  #stream: Socket;
  /** The layer that is being waited for. */
  #layer: Layer = "L4";
  #conversation: Conversation | undefined;
  /** What is certain already while taking leave, whatever becomes of that. */
  #certain: Finding | undefined;

  constructor(target: ProbeTarget, plan: Plan, settle: (finding: Finding) => void) {
    this.#plan = plan;
    this.#preface = target.preface;
    this.#settle = settle;
    // Half-open, since Node would answer the replica's FIN with ours, and a reset in that state is refused by libuv.
    this.#socket = connect({ ...target.address, allowHalfOpen: true, noDelay: true });
    this.#socket.on("error", this.#onError);
    this.#socket.once("connect", () => this.#connected());
    this.#stream = this.#socket;
  }

  late(): Finding {
    return this.#certain ?? this.#conversation?.late() ?? unheard(`${this.#layer}TOUT`);
  }

  close({ kind }: Finding): void {
    const socket = this.#socket;
    const isOpen = !socket.connecting && !socket.destroyed && !socket.readableEnded;
    const isPolite = kind === "good" && this.#plan.parting === "close";
    // The handle of a secured socket belongs to what secures it, and cannot be reset [node: tls.TLSSocket].
    if (this.#stream !== socket) this.#stream.destroy();
    else if (isOpen && !isPolite) socket.resetAndDestroy();
    socket.destroy();
  }

  #connected(): void {
    // Waiting for the write keeps the preface apart from the handshake, and it gets out even if nothing follows.
    if (this.#preface === undefined) this.#secure();
    else this.#socket.write(this.#preface, () => this.#secure());
  }

  #secure(): void {
    const { tls, script } = this.#plan;
    if (this.#socket.destroyed) return;
    if (tls === undefined) {
      if (script === undefined) this.#settle(good("L4OK"));
      else this.#talk(script);
      return;
    }
    this.#layer = "L6";
    const name = tls.serverName === undefined ? {} : { servername: tls.serverName };
    const secured = connectTls({
      socket: this.#socket,
      secureContext: anyServer(),
      ALPNProtocols: ["http/1.1"],
      // A probe asks whether the replica works; whose certificate it shows is between it and its clients.
      rejectUnauthorized: false,
      ...name,
    });
    secured.on("error", this.#onError);
    secured.once("secureConnect", () => {
      if (script === undefined) this.#takeLeave(secured, good("L6OK"));
      else this.#talk(script);
    });
    this.#stream = secured;
  }

  #talk(script: Script): void {
    this.#layer = "L7";
    const conversation = new Conversation(script, (bytes) => void this.#stream.write(bytes));
    const heed = (finding: Finding | undefined): void => {
      if (finding !== undefined) this.#settle(finding);
    };
    this.#conversation = conversation;
    this.#stream.on("data", (chunk: Buffer) => heed(conversation.hear(chunk)));
    this.#stream.once("end", () => heed(conversation.end()));
    heed(conversation.begin());
  }

  // A TLS 1.3 replica still sends session tickets after the handshake [rfc8446 §4.6.1]: closing on them is a reset, which
  // it would log as a failed handshake. So it is told that this is the end, and has what time is left to say its last.
  #takeLeave(stream: TLSSocket, finding: Finding): void {
    this.#certain = finding;
    const done = (): void => this.#settle(finding);
    stream.once("session", done);
    stream.once("end", done);
    stream.resume();
    if (stream.getProtocol() === "TLSv1.3") stream.end();
    else stream.end(done);
  }

  readonly #onError = (error: Error): void => {
    const code = this.#layer === "L4" ? "L4CON" : `${this.#layer}RSP`;
    this.#settle(this.#certain ?? failed(code, error));
  };
}

let context: SecureContext | undefined;

/** Made once, since it takes longer than a probe; content with any age of server, since none is trusted here. */
function anyServer(): SecureContext {
  context ??= createSecureContext({ minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" });
  return context;
}
