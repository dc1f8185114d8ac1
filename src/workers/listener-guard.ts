import { isAbort, sleep } from "../async/sleep.ts";
import type { Problem } from "../model/problem.ts";
import type { BoundSockets } from "./bindings.ts";
import { ListenerWatch } from "./listener-watch.ts";
import type { ListeningSockets } from "./listening-sockets.ts";
import type { Order } from "./messages.ts";

export interface ListenerGuardOptions {
  readonly sockets: Pick<ListeningSockets, "read">;
  readonly pool: ListeningPool;
  /** Told when problems have changed. */
  readonly changed: () => void;
}

/** What the guard asks of those who listen. */
interface ListeningPool {
  readonly bindings: { sockets(): ReadonlyMap<string, BoundSockets> };
  tell(order: Extract<Order, { readonly kind: "renew" }>): void;
}

/** Time between two looks, and before the second one at what was missed, in ms: a listener is back within five seconds. */
const [everyMs, againMs] = [3000, 500];

/** Has listeners bound anew that somebody took away, as `ss -K` of root does: the runtime hears nothing of it. */
export class ListenerGuard {
  readonly #options: ListenerGuardOptions;
  readonly #watch = new ListenerWatch();

  constructor(options: ListenerGuardOptions) {
    this.#options = options;
  }

  /** Goes on until the signal aborts; ends at once where the kernel does not say what listens. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (this.#look()) await sleep(this.#watch.isInDoubt ? againMs : everyMs, signal);
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
  }

  /** One for each address that is not there again yet; `appOf` names the app that wants a service key. */
  problems(appOf: (key: string) => string): Problem[] {
    const bound = this.#options.pool.bindings.sockets();
    return Array.from(this.#watch.gone, (address) => {
      const subject = appOf(bound.get(address)?.key ?? address);
      const reason = `nobody listens on ${address} any more, though we did not close it: it is bound anew`;
      return { kind: "bind-failed", subject, reason };
    });
  }

  #look(): boolean {
    const { sockets, pool, changed } = this.#options;
    const bound = pool.bindings.sockets();
    const listening = sockets.read();
    if (listening === undefined) return false;
    const addresses = this.#watch.look(bound, listening);
    if (addresses.size > 0) {
      pool.tell({ kind: "renew", addresses });
      changed();
    }
    return true;
  }
}
