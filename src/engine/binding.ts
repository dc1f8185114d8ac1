import { Backoff } from "../async/backoff.ts";
import { isAbort, sleep } from "../async/sleep.ts";
import { formatAddress, type Address } from "../model/address.ts";
import type { EngineReport } from "./route.ts";

/** One bound port; disposing it closes it. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
  /** Bytes of datagrams the kernel may hold for it, as the kernel counts them; undefined where there are none. */
  readonly receiveBuffer?: number;
}

/** What came of one attempt to bind; a port in use, a missing privilege or a bad address is a result. */
export type ListenResult =
  | { readonly kind: "listening"; readonly listener: Listener }
  | { readonly kind: "failed"; readonly code: string };

export interface BindingOptions {
  readonly key: string;
  readonly address: Address;
  readonly random: () => number;
  readonly report: (report: EngineReport) => void;
  /** One attempt to listen at the address. */
  readonly open: (address: Address) => Promise<ListenResult>;
}

/** The lasting wish to listen at one address: a failed bind is reported and tried again until it works or is given up. */
export class Binding implements AsyncDisposable {
  readonly #options: BindingOptions;
  readonly #abort = new AbortController();
  #run: Promise<void>;
  /** Settles when the first attempt has been made, whatever came of it. */
  readonly tried: Promise<void>;
  #listener: Listener | undefined;

  constructor(options: BindingOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.tried = promise;
    this.#run = this.#keepTrying(resolve);
  }

  /**
   * Listens anew if its address, `host:port`, is among these: the kernel has taken the listener away, and told nobody.
   * Connections it brought go on.
   */
  renewIfAmong(addresses: ReadonlySet<string>): void {
    if (!addresses.has(formatAddress(this.#options.address))) return;
    this.#run = this.#run.then(() => this.#renew());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#run;
    if (this.#listener === undefined) return;
    const { key, address, report } = this.#options;
    await this.#listener[Symbol.asyncDispose]();
    this.#listener = undefined;
    report({ kind: "closed", key, address });
  }

  async #renew(): Promise<void> {
    const dead = this.#listener;
    if (dead === undefined || this.#abort.signal.aborted) return;
    const { key, address, report, open } = this.#options;
    const trial = await open(address);
    // Who has bound it alone listens after all.
    if (trial.kind === "failed" && trial.code === "EADDRINUSE") return;
    // Where only the descriptor is gone, the trial may have its number, and closing the old listener close the new one.
    if (trial.kind === "listening") await trial.listener[Symbol.asyncDispose]();
    await dead[Symbol.asyncDispose]();
    this.#listener = undefined;
    report({ kind: "closed", key, address });
    await this.#keepTrying(() => undefined);
  }

  async #keepTrying(firstTried: () => void): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff({ firstMs: 1000, capMs: 60_000, random: this.#options.random });
    try {
      while (!(await this.#open())) {
        firstTried();
        await sleep(backoff.next(), signal);
      }
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
    firstTried();
  }

  async #open(): Promise<boolean> {
    const { key, address, report, open } = this.#options;
    const result = await open(address);
    if (result.kind === "failed") {
      report({ kind: "bind-failed", key, address, code: result.code });
      return false;
    }
    this.#listener = result.listener;
    const { port, receiveBuffer } = result.listener;
    const listening = { kind: "listening", key, address: { ...address, port } } as const;
    report(receiveBuffer === undefined ? listening : { ...listening, receiveBuffer });
    return true;
  }
}

/** What a failure to bind is called. */
export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
