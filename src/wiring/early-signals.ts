/** By default they end the process, and SIGUSR1 opens the runtime's debugger to every user of this host. */
type EarlySignal = "SIGHUP" | "SIGUSR1" | "SIGUSR2";

/** Signals that come before anybody listens: heard from the first moment, and told to who listens later. */
class EarlySignals {
  readonly #heard = new Set<NodeJS.Signals>();
  readonly #hear = (name: NodeJS.Signals): void => void this.#heard.add(name);

  listen(): void {
    const all: readonly EarlySignal[] = ["SIGHUP", "SIGUSR1", "SIGUSR2"];
    for (const name of all) process.on(name, this.#hear);
  }

  /** Tells of each such signal, and at once of one that has come before. */
  on(name: EarlySignal, listener: () => void): void {
    process.on(name, listener);
    if (this.#heard.has(name)) listener();
  }

  /** Nobody will listen: these do what they do by default, also when they have come before. The debugger stays shut. */
  release(): void {
    for (const name of ["SIGHUP", "SIGUSR2"] as const) {
      process.off(name, this.#hear);
      if (this.#heard.has(name)) process.kill(process.pid, name);
    }
  }
}

/** Of this process, which has one of each signal. */
export const earlySignals: EarlySignals = new EarlySignals();
