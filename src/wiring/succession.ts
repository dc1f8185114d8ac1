import { isAbort, sleep } from "../async/sleep.ts";
import type { Logger } from "../model/logger.ts";
import { Predecessor, type Word } from "../takeover/predecessor.ts";
import { TakeoverPort, type Incumbent } from "../takeover/takeover-port.ts";
import { PortSharingLock, PortsAreShared, type Place } from "../workers/port-sharing-lock.ts";

export interface SuccessionOptions {
  /** Where portolans find each other; undefined for one that neither follows nor is followed. */
  readonly path: string | undefined;
  /** Addresses that service ports bind to. */
  readonly hosts: readonly string[];
  /** Ports of the gateway, which have addresses of their own. */
  readonly gateway: readonly Place[];
  /** True when ports are bound so that others could bind them, too. */
  readonly sharesPorts: boolean;
  readonly logger: Logger;
  readonly incumbent: Incumbent;
}

/** How long the one before may take to say whether it yields, and then to do it, in ms. */
const patienceMs = 3000;
/** How often the ports are asked for while one that hangs still has them, in ms. */
const claimMs = 1000;

/**
 * Which portolan has the ports. One at a time is about to get them, one at a time has them; the path belongs to the
 * youngest that serves, so that each generation is asked by the next one.
 */
export class Succession implements AsyncDisposable {
  readonly #options: SuccessionOptions;
  readonly #life = new AbortController();
  #starting: PortSharingLock | undefined;
  #ports: PortSharingLock | undefined;
  #port: TakeoverPort | undefined;
  #predecessor: Predecessor | undefined;
  #claiming: Promise<void> = Promise.resolve();

  private constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** Rejects when the ports are somebody's whose place cannot be taken. */
  static async begin(options: SuccessionOptions): Promise<Succession> {
    const succession = new Succession(options);
    try {
      await succession.#begin();
    } catch (error) {
      await succession[Symbol.asyncDispose]();
      throw error;
    }
    return succession;
  }

  /** True when another one was there at the start. */
  get hasPredecessor(): boolean {
    return this.#predecessor !== undefined;
  }

  /** True while it serves. */
  get isServed(): boolean {
    return this.#predecessor?.serves === true;
  }

  /** Whoever is to come next need not ask us. */
  leaving(): void {
    this.#port?.leaving();
  }

  /** Asks the one before to yield, and settles when it has, or does not answer; rejects when it refuses. */
  async replace(missing: readonly string[]): Promise<void> {
    const { logger, path } = this.#options;
    const before = this.#predecessor;
    before?.ask(missing);
    const first = await this.#within(before?.answer);
    if (first === "silent") {
      logger.warn(
        "the portolan before this one does not answer: it keeps its share until it ends",
        {
          path,
        },
      );
      void before?.answer.then((word) => this.#refusedLate(word));
    }
    if (typeof first === "object" && first.kind === "refused") {
      throw new Error(`the portolan before this one does not yield: ${first.reason}`);
    }
    await this.#present();
    if (first !== "silent" && (await this.#within(before?.outcome)) === "silent") {
      logger.warn("the portolan before this one yields, but takes its time");
    }
    this.#claiming = this.#claim();
  }

  /** Leaves the ports to the next one. */
  async leave(): Promise<void> {
    this.#life.abort();
    await this.#claiming;
    await this.#ports?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
    await this.#starting?.[Symbol.asyncDispose]();
    await this.#port?.[Symbol.asyncDispose]();
    this.#predecessor?.[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    const { path, hosts, sharesPorts } = this.#options;
    if (path === undefined) {
      if (sharesPorts) this.#ports = await this.#takePorts();
      return;
    }
    this.#starting = await PortSharingLock.take({
      places: [{ as: "starting", hosts }],
      taken: (host) => `another portolan is about to take over on ${host}: one at a time can`,
    });
    this.#predecessor = await Predecessor.find(path);
    if (this.#predecessor !== undefined) return;
    this.#ports = await this.#takePorts();
    await this.#present();
  }

  /** From now on the next one finds us. */
  async #present(): Promise<void> {
    const { path, incumbent } = this.#options;
    if (path !== undefined) this.#port = await TakeoverPort.open(path, incumbent);
    await this.#starting?.[Symbol.asyncDispose]();
  }

  #takePorts(): Promise<PortSharingLock> {
    const { path, hosts, gateway } = this.#options;
    const advice =
      path === undefined
        ? "stop it, give this one other addresses, or use --workers 1"
        : `stop it, or give --takeover the path that it was given, which is not ${path}`;
    const taken = (host: string, as: string): string => {
      const place = as === "workers" ? host : `${host}, port ${as}`;
      return `another portolan with shared ports serves on ${place}: ${advice}`;
    };
    return PortSharingLock.take({ places: [{ as: "workers", hosts }, ...gateway], taken });
  }

  /** Has the ports as soon as the one before lets go of them, which may be at its end. */
  async #claim(): Promise<void> {
    const { signal } = this.#life;
    try {
      while (!signal.aborted) {
        this.#ports = await this.#tryPorts();
        if (this.#ports !== undefined) return;
        await sleep(claimMs, signal);
      }
    } catch (error) {
      // Without the lock we serve all the same; only a stranger would not be warned.
      if (!isAbort(error, signal)) this.#options.logger.error("ports are not locked", { error });
    }
  }

  async #tryPorts(): Promise<PortSharingLock | undefined> {
    try {
      return await this.#takePorts();
    } catch (error) {
      if (error instanceof PortsAreShared) return undefined;
      throw error;
    }
  }

  async #within(word: Promise<Word> | undefined): Promise<Word | "silent"> {
    if (word === undefined) return { kind: "gone" };
    const giveUp = new AbortController();
    const signal = AbortSignal.any([giveUp.signal, this.#life.signal]);
    const silence = sleep(patienceMs, signal).then(
      () => "silent" as const,
      () => "silent" as const,
    );
    const first = await Promise.race([word, silence]);
    giveUp.abort();
    return first;
  }

  #refusedLate(word: Word): void {
    const { logger } = this.#options;
    if (word.kind === "refused") {
      logger.error("the portolan before this one does not yield: both serve", {
        reason: word.reason,
      });
    } else {
      logger.info("the portolan before this one has come to itself, or ended", { says: word.kind });
    }
  }
}
