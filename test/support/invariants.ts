import assert from "node:assert/strict";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import type { EngineFixture } from "./engine-fixture.ts";
import { eventually } from "./eventually.ts";
import { lookAtProcess } from "./process-sockets.ts";

/** Descriptors that may have been opened for good in between: a thread's, a library's. */
const tolerance = 2;

/**
 * Takes note of what the process holds open; when it is disposed, that must be all again within 5 s: no socket, no
 * listener and no descriptor more (I2), and no connection of ours that only one side has ended (I3). Declare it after
 * what stays and before what must be gone. Descriptors and states are looked at where /proc exists.
 */
export class Baseline implements AsyncDisposable {
  readonly #descriptors = lookAtProcess().descriptors;
  readonly #sockets = countSockets();

  private constructor() {}

  /** What is open now; what has just been closed is given the time to go. */
  static async take(): Promise<Baseline> {
    await turnOfLoop();
    await turnOfLoop();
    return new Baseline();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const restored = (): boolean => this.#excess() === "" && halfClosed().length === 0;
    await eventually(restored, { withinMs: 5000 }).catch((error: unknown) => {
      const left = [this.#excess(), ...halfClosed()].filter((line) => line !== "");
      throw new Error(`left behind: ${left.join("; ")}`, { cause: error });
    });
  }

  #excess(): string {
    const sockets = countSockets() - this.#sockets;
    const descriptors = lookAtProcess().descriptors - this.#descriptors;
    if (sockets <= 0 && descriptors <= tolerance) return "";
    return `${sockets} sockets and ${descriptors} descriptors`;
  }
}

/** The counters of a service that nobody uses any more: nothing active, every connection with one outcome (I4). */
export async function assertBalanced(proxy: EngineFixture): Promise<void> {
  await eventually(() => proxy.active === 0, { what: "the end of every connection" });
  assert.ok(proxy.balanced, `accepted ${proxy.accepted}: ${JSON.stringify(proxy.closed)}`);
  for (let row = 1; row < 50; row += 1) assert.equal(proxy.load(row), 0, `load of replica ${row}`);
}

function countSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
}

/** Sockets of this process that one side alone has ended, as text. */
function halfClosed(): string[] {
  return lookAtProcess()
    .sockets.filter(
      ({ isOwn, state }) => isOwn && (state === "close-wait" || state === "fin-wait-2"),
    )
    .map(({ ends, state }) => `${ends} in ${state}`);
}
