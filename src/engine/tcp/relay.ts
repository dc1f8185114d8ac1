import type { Socket } from "node:net";
import type { Outcome } from "../../model/outcome.ts";
import { Flow } from "./flow.ts";
import type { Intake } from "./intake.ts";
import type { ReadMeter } from "./read-meter.ts";
import { reset } from "./reset.ts";

/** How long a relay may stand still, in ms. */
interface RelayLimits {
  /** No byte after one side has ended. Default 30,000. */
  readonly halfCloseMs: number;
  /** Bytes wait for a side that takes none. Default 120,000. */
  readonly writeStallMs: number;
}

export interface RelayOptions {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly limits: RelayLimits;
  /** No byte in either direction for this long ends it, in ms. */
  readonly idleMs: number;
  readonly meter: ReadMeter;
  /** How each of them is read, where that is not by events. */
  readonly intakes?: {
    readonly client?: Intake | undefined;
    readonly upstream?: Intake | undefined;
  };
  /** Called once, when both sockets are closed; not when the client was given back. */
  readonly ended: (outcome: Outcome) => void;
  /** Asked when the replica reset the connection before a byte was exchanged. */
  readonly wantsClientBack: () => boolean;
  /** Gives the client back, paused and whole: the relay is over without an outcome. */
  readonly givenBack: () => void;
}

/** A peer that stays silent this long is asked for a sign of life, … */
const keepAliveIdleMs = 60_000;
/** … every so often, … */
const keepAliveIntervalMs = 10_000;
/** … so many times, before its connection is reset. */
const keepAliveCount = 3;

/**
 * Copies bytes between two open, paused sockets until both are closed. Order is kept; each side's FIN is passed on
 * once its bytes are [rfc9293 §3.6]; a reset is passed on as a reset, but only to a quiet side, since a reset
 * destroys what the kernel has not sent yet. Reading stops while the other side is slow, so at most one read and
 * one high-water mark wait per direction. The owner calls `check` now and then: the loss of a peer whose socket is
 * paused or half closed makes no event, so only time can tell [node: socket 'pause'].
 *
 *            upload: data, FIN
 *   client ─────────────────────▶ upstream
 *          ◀─────────────────────
 *            download: data, FIN
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #upload: Flow;
  readonly #download: Flow;
  /** The flow whose near side is gone. */
  #broken: Flow | undefined;
  #outcome: Outcome | undefined;
  #open = 2;

  /** Starts copying at once; `now` is in ms of a clock that never goes back. */
  constructor(options: RelayOptions, now: number) {
    const { client, upstream, meter, intakes } = options;
    this.#options = options;
    this.#upload = new Flow({ from: client, to: upstream, meter, intake: intakes?.client }, now);
    this.#download = new Flow(
      { from: upstream, to: client, meter, intake: intakes?.upstream },
      now,
    );
    client.on("error", this.#onClientError);
    upstream.on("error", this.#onUpstreamError);
    client.on("close", this.#onClientClose);
    upstream.on("close", this.#onUpstreamClose);
    this.#upload.start();
    this.#download.start();
  }

  /** Bytes read from the client so far. */
  get received(): number {
    return this.#options.client.bytesRead;
  }

  /** Bytes read from the replica so far. */
  get sent(): number {
    return this.#options.upstream.bytesRead;
  }

  /** Ends the relay when it has stood still for too long. */
  check(now: number): void {
    const stillUp = this.#upload.stillFor(now);
    const stillDown = this.#download.stillFor(now);
    const { writeStallMs } = this.#options.limits;
    const stalled =
      (this.#upload.waiting && stillUp >= writeStallMs) ||
      (this.#download.waiting && stillDown >= writeStallMs);
    if (stalled) this.abort("write-stall");
    else if (this.#broken === this.#upload && this.#upload.quiet(now))
      reset(this.#options.upstream);
    else this.#checkStill(Math.min(stillUp, stillDown));
    if (this.#broken === this.#download) this.#upload.discard();
  }

  #checkStill(stillMs: number): void {
    const { idleMs, limits } = this.#options;
    const halfClosed = this.#outcome !== undefined || this.#upload.over || this.#download.over;
    if (halfClosed && stillMs >= limits.halfCloseMs) this.abort("half-close-timeout");
    else if (stillMs >= idleMs) this.abort("idle-timeout");
  }

  /**
   * Lets the kernel find out whether silent peers are still there. Asked for once a connection has lasted, since it
   * costs several system calls per socket and short connections never need it.
   */
  keepAlive(): void {
    for (const socket of [this.#options.client, this.#options.upstream]) {
      socket.setKeepAlive(true, keepAliveIdleMs, keepAliveIntervalMs, keepAliveCount);
    }
  }

  /** Resets both sides now. */
  abort(outcome: Outcome): void {
    this.#outcome ??= outcome;
    reset(this.#options.client);
    reset(this.#options.upstream);
  }

  readonly #onClientError = (): void => this.#broke(this.#upload, "client-reset");

  readonly #onUpstreamError = (): void => {
    if (this.#untouched && this.#options.wantsClientBack()) this.#giveBack();
    else this.#broke(this.#download, "upstream-reset");
  };

  readonly #onClientClose = (): void => {
    this.#options.intakes?.client?.close();
    this.#closed(this.#upload);
  };

  readonly #onUpstreamClose = (): void => {
    this.#options.intakes?.upstream?.close();
    this.#closed(this.#download);
  };

  /** True while neither side has got a byte or an end from the other. */
  get #untouched(): boolean {
    const { client } = this.#options;
    const begun = this.#upload.begun || this.#download.begun || this.#upload.over;
    return this.#outcome === undefined && !begun && !client.destroyed;
  }

  #giveBack(): void {
    const { client, upstream } = this.#options;
    this.#upload.detach();
    this.#download.detach();
    client.removeListener("error", this.#onClientError);
    client.removeListener("close", this.#onClientClose);
    upstream.removeListener("close", this.#onUpstreamClose);
    this.#options.givenBack();
  }

  #broke(from: Flow, outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    from.flush();
    this.#letGo(from);
  }

  #closed(from: Flow): void {
    this.#open -= 1;
    if (this.#open === 0) this.#options.ended(this.#outcome ?? "completed");
    else if (!from.over) this.#letGo(from);
  }

  /**
   * Ends the far side of a flow whose near side is gone. Unless it is quiet it gets its bytes and a FIN, and time to
   * take them: closing it with something of its own unread would reset it, and lose them. A client has the half-close
   * time. A replica has until it is quiet, and is no longer read, so that it cannot pour into nothing.
   */
  #letGo(broken: Flow): void {
    this.#broken = broken;
    if (broken.quiet(performance.now())) {
      reset(broken.to);
      return;
    }
    if (broken === this.#upload) this.#download.halt();
    else this.#upload.discard();
    broken.to.end();
  }
}
