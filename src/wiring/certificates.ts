import { isDeepStrictEqual } from "node:util";
import { Alarm } from "../async/alarm.ts";
import type { Certificate } from "../model/gateway.ts";
import type { Logger } from "../model/logger.ts";
import type { Problem } from "../model/problem.ts";
import { inOrderOfUse, outOfTime } from "./certificate-order.ts";
import { readCertificates } from "./certificate-folder.ts";

export interface CertificatesOptions {
  readonly folder: string;
  readonly logger: Logger;
  /** Told at the start, and whenever the files say something new. */
  readonly changed: (certificates: readonly Certificate[]) => void;
  /** In ms since the epoch. */
  readonly clock: () => number;
  /** How often the files are read, in ms. Default 10,000. */
  readonly everyMs?: number;
}

/**
 * Follows a directory of certificates. It is read again and again, since what replaces files, by links and over networks,
 * often makes no event. A certificate whose file has become bad stays in use while the file is there.
 */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #alarm = new Alarm();
  #certificates: readonly Certificate[] = [];
  #problems: readonly Problem[] = [];

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Reads the files now. */
  resync(): void {
    this.#alarm.ring();
  }

  /** Looks again from time to time until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { everyMs = 10_000 } = this.#options;
    while (!signal.aborted) {
      await this.#alarm.wait(everyMs, signal);
      if (!signal.aborted) await this.look();
    }
  }

  /** Reads the files once. */
  async look(): Promise<void> {
    const { folder, logger, clock, changed } = this.#options;
    const { certificates, isBad, problems } = await readCertificates(folder, this.#certificates);
    const kept = this.#certificates.filter(({ file }) => isBad(file));
    const now = clock();
    const all = inOrderOfUse([...certificates, ...kept], now);
    this.#problems = [...problems, ...outOfTime(all, now)];
    if (isDeepStrictEqual(all, this.#certificates)) return;
    this.#certificates = all;
    const names = all.flatMap((certificate) => certificate.names);
    logger.info("certificates read", { files: all.length, names: names.slice(0, 20) });
    changed(all);
  }
}
