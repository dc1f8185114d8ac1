import type { Socket } from "node:net";
import type { Outcome } from "../../model/outcome.ts";
import type { Stillness } from "./connection-host.ts";
import { Flow, type HeldFor } from "./flow.ts";
import type { Intake } from "./intake.ts";
import type { ReadMeter } from "./read-meter.ts";
import { reset } from "./reset.ts";

/** How long a relay may stand still, in ms. */
interface RelayLimits {
  /** No byte after one side has ended. Default 30,000. */
  readonly halfCloseMs: number;
  /** Bytes wait for a side that takes none, here or in the kernel. Default 120,000. */
  readonly writeStallMs: number;
}

export interface RelayOptions {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly limits: RelayLimits;
  /** No byte in either direction for this long ends it, in ms. */
  readonly idleMs: number;
  readonly meter: ReadMeter;
  readonly heldFor: HeldFor;
  /** How each of them is read, where that is not by events. */
  readonly intakes?: {
    readonly client?: Intake | undefined;
    readonly upstream?: Intake | undefined;
  };
  readonly user: RelayUser;
}

/** Who is told what becomes of a relay. */
export interface RelayUser {
  /** Asked for when the replica reset the connection before a byte was exchanged. */
  readonly wantsClientBack: boolean;
  /** Called once, when both sockets are closed; not when the client was given back. */
  ended(outcome: Outcome): void;
  /** Gives the client back, paused and whole: the relay is over without an outcome. */
  givenBack(): void;
}

/**
 * Part of a time limit after which it is asked what the kernel holds, to be compared with what it holds at its end.
 * A connection on which something moves more often than that, every 30 s by default, is never asked about; one that
 * stands still is once, and once more if its last bytes were not taken.
 */
const doubtfulShare = 1 / 4;

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
  /** The kernel is being asked. */
  #isAsking = false;

  /** Starts copying at once; `now` is in ms of a clock that never goes back. */
  constructor(options: RelayOptions, now: number) {
    const { client, upstream, meter, heldFor, intakes } = options;
    this.#options = options;
    this.#upload = new Flow(
      { from: client, to: upstream, meter, heldFor, intake: intakes?.client },
      now,
    );
    this.#download = new Flow(
      { from: upstream, to: client, meter, heldFor, intake: intakes?.upstream },
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
    if (this.#overdue(now) !== undefined || this.#isGone(now) || this.#isDoubtful(now))
      void this.#ask(now);
    if (this.#broken === this.#download) this.#upload.discard();
  }

  /** How it stands still now. */
  stillness(now: number): Stillness {
    const [up, down] = [this.#upload.stillFor(now), this.#download.stillFor(now)];
    const held = [...(this.#upload.waiting ? [up] : []), ...(this.#download.waiting ? [down] : [])];
    const isHolding = held.length > 0;
    return { forMs: isHolding ? Math.max(...held) : Math.min(up, down), isHolding };
  }

  /** How it ends when it goes on to stand still as it does; undefined when it may. */
  #overdue(now: number): Outcome | undefined {
    const up = this.#upload.stillFor(now);
    const down = this.#download.stillFor(now);
    const { idleMs, limits } = this.#options;
    const { halfCloseMs, writeStallMs } = limits;
    const stalled =
      (this.#upload.owes && up >= writeStallMs) || (this.#download.owes && down >= writeStallMs);
    if (stalled) return "write-stall";
    const stillMs = Math.min(up, down);
    if (this.#isHalfClosed && stillMs >= halfCloseMs) return "half-close-timeout";
    return stillMs >= idleMs ? "idle-timeout" : undefined;
  }

  get #isHalfClosed(): boolean {
    return this.#outcome !== undefined || this.#upload.over || this.#download.over;
  }

  /** The client is gone, and the replica has had time to take what it was sent. */
  #isGone(now: number): boolean {
    return this.#broken === this.#upload && this.#upload.quiet(now);
  }

  /** It has stood still long enough for a first look at what the kernel holds: a second one shows whether that moves. */
  #isDoubtful(now: number): boolean {
    const { idleMs, limits } = this.#options;
    const halfCloseMs = this.#isHalfClosed ? limits.halfCloseMs : Infinity;
    const stillMs = Math.min(idleMs, limits.writeStallMs, halfCloseMs) * doubtfulShare;
    return this.#upload.isDoubtful(now, stillMs) || this.#download.isDoubtful(now, stillMs);
  }

  /** Asks the kernel what it holds for either side, and then does what is due. */
  async #ask(now: number): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    await Promise.all([this.#upload.ask(now), this.#download.ask(now)]);
    this.#isAsking = false;
    this.#settle(now);
  }

  #settle(now: number): void {
    const overdue = this.#overdue(now);
    if (overdue !== undefined) this.#expire(overdue);
    else if (this.#isGone(now)) this.#upload.reset();
  }

  #expire(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#download.close();
    this.#upload.close();
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
    if (this.#untouched && this.#options.user.wantsClientBack) this.#giveBack();
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
    this.#options.user.givenBack();
  }

  #broke(from: Flow, outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    from.flush();
    this.#letGo(from);
  }

  #closed(from: Flow): void {
    this.#open -= 1;
    if (this.#open === 0) this.#options.user.ended(this.#outcome ?? "completed");
    else if (!from.over) this.#letGo(from);
  }

  /**
   * Ends the far side of a flow whose near side is gone. Unless it is quiet it gets its bytes and a FIN, and time to
   * take them: closing it with something of its own unread would reset it, and lose them. A client has the half-close
   * time. A replica has until it is quiet, and is no longer read, so that it cannot pour into nothing.
   */
  #letGo(broken: Flow): void {
    if (this.#broken === broken) return;
    this.#broken = broken;
    if (broken === this.#upload) this.#download.halt();
    else this.#upload.discard();
    const now = performance.now();
    if (broken.isUnused) broken.reset();
    else if (!broken.quiet(now)) broken.to.end();
    else void this.#resetOrEnd(broken, now);
  }

  /** What looks quiet may only be slow: the kernel knows. */
  async #resetOrEnd(broken: Flow, now: number): Promise<void> {
    await broken.ask(now);
    if (!broken.reset()) broken.to.end();
  }
}
