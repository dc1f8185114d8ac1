import { setTimeout as wait } from "node:timers/promises";
import { formatAddress, type Address } from "../../model/address.ts";
import { press, readKeys } from "./keys.ts";
import { liveEvents } from "./live-events.ts";
import { after } from "./picture.ts";
import { firstState, type TopState } from "./state.ts";
import { Terminal } from "./terminal.ts";
import { linesInSight, snapshot, viewTop } from "./view.ts";

const againMs = 1000;
/** Rates are known from the second look on, a second after the first. */
const secondLookMs = 1300;
const snapshotColumns = 160;

/** Shows a running portolan on a terminal until `q` is typed or the signal aborts; rejects when none answers at first. */
export async function top(
  endpoint: Address,
  { input, output }: { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream },
  signal: AbortSignal,
): Promise<void> {
  if (!input.isTTY || !output.isTTY) {
    output.write(`${(await lookOnce(endpoint, signal)).join("\n")}\n`);
    return;
  }
  await new Top(endpoint, signal).run(input, output);
}

async function lookOnce(endpoint: Address, signal: AbortSignal): Promise<string[]> {
  let state: TopState = { ...firstState, isConnected: true };
  const looking = AbortSignal.any([signal, AbortSignal.timeout(secondLookMs)]);
  for await (const event of liveEvents(endpoint, [], looking)) {
    state = { ...state, picture: after(state.picture, event) };
  }
  const surface = { columns: snapshotColumns, rows: Infinity, colour: false };
  return snapshot(state, { ...surface, where: formatAddress(endpoint) });
}

class Top {
  readonly #endpoint: Address;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #state: TopState = firstState;
  #terminal: Terminal | undefined;
  /** Ends the present stream; the next one asks for what is unfolded then. */
  #turn = new AbortController();
  #hasSeen = false;

  constructor(endpoint: Address, signal: AbortSignal) {
    this.#endpoint = endpoint;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  async run(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<void> {
    using terminal = new Terminal(input, output, {
      typed: (text) => this.#typed(text),
      resized: () => this.#draw(),
    });
    this.#terminal = terminal;
    this.#draw();
    while (!this.#signal.aborted) {
      await this.#follow();
      this.#draw();
    }
  }

  /** Follows one stream to its end, and waits a moment where it was not we who ended it. */
  async #follow(): Promise<void> {
    this.#turn = new AbortController();
    const turn = AbortSignal.any([this.#signal, this.#turn.signal]);
    try {
      for await (const event of liveEvents(this.#endpoint, this.#state.unfolded, turn)) {
        this.#hasSeen = true;
        const picture = after(this.#state.picture, event);
        this.#state = { ...this.#state, picture, isConnected: true };
        this.#draw();
      }
    } catch (error) {
      // One that has been seen may be starting anew: its last picture stays meanwhile.
      if (!this.#hasSeen) throw error;
    }
    if (turn.aborted) return;
    this.#state = { ...this.#state, isConnected: false };
    this.#draw();
    await wait(againMs, undefined, { signal: turn }).catch(() => undefined);
  }

  #typed(text: string): void {
    for (const key of readKeys(text)) {
      const next = press(this.#state, key, linesInSight({ rows: this.#terminal?.rows ?? 0 }));
      if (next === "quit") {
        this.#stop.abort();
        return;
      }
      const isTurned = next.unfolded !== this.#state.unfolded;
      this.#state = next;
      if (isTurned) this.#turn.abort();
    }
    this.#draw();
  }

  #draw(): void {
    const terminal = this.#terminal;
    if (terminal === undefined) return;
    const { columns, rows, colour } = terminal;
    const where = formatAddress(this.#endpoint);
    terminal.draw(viewTop(this.#state, { columns, rows, colour, where }));
  }
}
