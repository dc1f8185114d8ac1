import type { Socket } from "node:net";
import { Backoff } from "../../async/backoff.ts";
import { isAbort, sleep } from "../../async/sleep.ts";
import type { Address } from "../../model/address.ts";
import type { EngineReport } from "../route.ts";
import { TcpListener } from "./listener.ts";

export interface BindingOptions {
  readonly key: string;
  readonly address: Address;
  readonly reusePort: boolean;
  readonly random: () => number;
  readonly accepted: (client: Socket) => void;
  readonly report: (report: EngineReport) => void;
}

/** The lasting wish to listen at one address: a failed bind is reported and tried again until it works or is given up. */
export class Binding implements AsyncDisposable {
  readonly #options: BindingOptions;
  readonly #abort = new AbortController();
  readonly #run: Promise<void>;
  /** Settles when the first attempt has been made, whatever came of it. */
  readonly tried: Promise<void>;
  #listener: TcpListener | undefined;

  constructor(options: BindingOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.tried = promise;
    this.#run = this.#keepTrying(resolve);
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

  async #keepTrying(firstTried: () => void): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff({ firstMs: 1000, capMs: 60_000, random: this.#options.random });
    try {
      while (!(await this.#listen())) {
        firstTried();
        await sleep(backoff.next(), signal);
      }
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
    firstTried();
  }

  async #listen(): Promise<boolean> {
    const { key, address, reusePort, accepted, report } = this.#options;
    const result = await TcpListener.open({ address, reusePort, accepted });
    if (result.kind === "failed") {
      report({ kind: "bind-failed", key, address, code: result.code });
      return false;
    }
    this.#listener = result.listener;
    report({ kind: "listening", key, address: { ...address, port: result.listener.port } });
    return true;
  }
}
