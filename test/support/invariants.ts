import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import type { EngineFixture } from "./engine-fixture.ts";
import { eventually } from "./eventually.ts";
import type { RunningProxy } from "./running-proxy.ts";
import { readSamples, type MetricSample } from "./samples.ts";

/** Descriptors that may have been opened for good in between: a thread's, a library's. */
const tolerance = 2;

const states: Readonly<Record<string, string>> = { "05": "FIN-WAIT-2", "08": "CLOSE-WAIT" };

/**
 * Takes note of what the process holds open; when it is disposed, that must be all again within 5 s: no socket, no
 * listener and no descriptor more (I2), and no connection of ours that only one side has ended (I3). Declare it after
 * what stays and before what must be gone. Descriptors and states are looked at where /proc exists.
 */
export class Baseline implements AsyncDisposable {
  readonly #descriptors = countDescriptors();
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
    const descriptors = countDescriptors() - this.#descriptors;
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

/** What a program may have written and how late its loop may have been; generous, since test machines are busy. */
const bounds = { lineBytes: 8192, linesPerSecond: 100, loopDelaySeconds: 1 };

export interface ProgramBaselineOptions {
  /** Threads that the story kills. Default 0. */
  readonly crashes?: number;
  /** How long what has just ended may take to go, in ms. Default 10,000. */
  readonly patienceMs?: number;
  /** How much more heap may be in use, that of what has not been collected yet included. Default 96 MiB. */
  readonly heapBytes?: number;
}

/**
 * Takes note of what a whole program holds open. After a story it must be the same process (I1) with the same
 * descriptors (I2), nothing half-closed (I3), counters that balance (I4), an event loop that was never long away (I6),
 * a log of bounded, parsable lines (I7) and no heap that grew and stayed (I8).
 */
export class ProgramBaseline {
  readonly #proxy: RunningProxy;
  readonly #pid: number;
  readonly #descriptors: number;
  readonly #crashes: number;
  readonly #patience: { readonly withinMs: number };
  readonly #mostHeap: number;
  readonly #startedAt = performance.now();
  readonly #lines: number;

  private constructor(
    proxy: RunningProxy,
    held: { readonly descriptors: number; readonly heap: number },
    { crashes, patienceMs, heapBytes }: Required<ProgramBaselineOptions>,
  ) {
    this.#mostHeap = held.heap + heapBytes;
    this.#patience = { withinMs: patienceMs };
    this.#proxy = proxy;
    this.#pid = proxy.pid;
    this.#descriptors = held.descriptors;
    this.#crashes = crashes;
    this.#lines = proxy.log.length;
  }

  static async take(
    proxy: RunningProxy,
    { crashes = 0, patienceMs = 10_000, heapBytes = 96 << 20 }: ProgramBaselineOptions = {},
  ): Promise<ProgramBaseline> {
    let before = -1;
    const isSteady = async (): Promise<boolean> => {
      const now = await heldBy(proxy);
      const was = before;
      before = now;
      return now === was;
    };
    await eventually(isSteady, { withinMs: patienceMs, what: "as many descriptors as before" });
    const held = { descriptors: before, heap: await heapOf(proxy) };
    return new ProgramBaseline(proxy, held, { crashes, patienceMs, heapBytes });
  }

  /** Fails with the first invariant that does not hold; what has just ended is given its time to go. */
  async assertHeld(): Promise<void> {
    const proxy = this.#proxy;
    assert.equal(proxy.child.exitCode, null, `the program has ended: ${proxy.stderr}`);
    assert.equal(proxy.pid, this.#pid);
    assert.equal(await proxy.metric("portolan_worker_crashes_total"), this.#crashes);
    await eventually(async () => (await heldBy(proxy)) <= this.#descriptors + tolerance, {
      what: `no more than ${this.#descriptors} + ${tolerance} descriptors`,
      ...this.#patience,
    });
    const whole = (): boolean => halfClosed(String(this.#pid)).length === 0;
    await eventually(whole, { what: "no half-closed", ...this.#patience });
    await this.#assertBalanced();
    this.#assertLog();
    const late = (await proxy.metric("nodejs_eventloop_lag_p99_seconds")) ?? 0;
    assert.ok(late < bounds.loopDelaySeconds, `the event loop was away for ${late} s`);
    const most = this.#mostHeap;
    await eventually(async () => (await heapOf(proxy)) < most, {
      what: `less heap than ${most}`,
      ...this.#patience,
    });
  }

  async #assertBalanced(): Promise<void> {
    const unbalanced = async (): Promise<string[]> =>
      unbalancedServices(readSamples(await this.#proxy.text("/metrics")));
    const balanced = async (): Promise<boolean> => (await unbalanced()).length === 0;
    await eventually(balanced, { what: "balanced counters", ...this.#patience });
  }

  #assertLog(): void {
    const { log, stdout } = this.#proxy;
    const longest = Math.max(0, ...stdout.split("\n").map((line) => Buffer.byteLength(line)));
    assert.ok(longest <= bounds.lineBytes, `a log line of ${longest} bytes`);
    const most = 200 + ((performance.now() - this.#startedAt) / 1000) * bounds.linesPerSecond;
    assert.ok(log.length - this.#lines <= most, `${log.length - this.#lines} log lines`);
  }
}

/** Services of which the accepted connections, or sessions, are not the active and the ended ones together. */
function unbalancedServices(samples: readonly MetricSample[]): string[] {
  const sums = new Map<string, number>();
  const signs = new Map([
    ["portolan_service_connections_total", 1],
    ["portolan_service_connections_active", -1],
    ["portolan_connections_closed_total", -1],
    ["portolan_udp_sessions_total", 1],
    ["portolan_udp_sessions_active", -1],
    ["portolan_udp_sessions_closed_total", -1],
  ]);
  for (const { name, labels, value } of samples) {
    const sign = signs.get(name);
    const service = labels["service"] ?? "";
    if (sign !== undefined) sums.set(service, (sums.get(service) ?? 0) + sign * value);
  }
  return [...sums].filter(([, sum]) => sum !== 0).map(([service, sum]) => `${service}: ${sum}`);
}

/** Descriptors of a program beside its listeners, which come and go with the services. */
async function heldBy(proxy: RunningProxy): Promise<number> {
  const { services } = await proxy.table();
  const listeners = services.reduce((sum, { listening }) => sum + listening.length, 0);
  return countDescriptors(String(proxy.pid)) - listeners;
}

async function heapOf(proxy: RunningProxy): Promise<number> {
  return (await proxy.metric("nodejs_heap_size_used_bytes")) ?? 0;
}

function countSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
}

function countDescriptors(pid = "self"): number {
  return existsSync(`/proc/${pid}/fd`) ? readdirSync(`/proc/${pid}/fd`).length : 0;
}

/** Sockets of a process in CLOSE-WAIT or FIN-WAIT-2, as text; by default of this one. */
function halfClosed(pid = "self"): string[] {
  const inodes = inodesOf(pid);
  return ["/proc/net/tcp", "/proc/net/tcp6"]
    .filter((table) => existsSync(table))
    .flatMap((table) => readFileSync(table, "utf8").split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state = "", , , , , , inode = ""]) => state in states && inodes.has(inode))
    .map(([, local, remote, state = ""]) => `${local} to ${remote} in ${states[state]}`);
}

function inodesOf(pid: string): Set<string> {
  const inodes = new Set<string>();
  if (!existsSync(`/proc/${pid}/fd`)) return inodes;
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed since it was listed, as the one of the listing itself always is.
    }
  }
  return inodes;
}
