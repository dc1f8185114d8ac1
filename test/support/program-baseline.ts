import assert from "node:assert/strict";
import { eventually } from "./eventually.ts";
import { holdingsOf, type Holdings, type KnownPorts } from "./holdings.ts";
import { readSamples, type MetricSample } from "./samples.ts";
import type { StatusPort } from "./status-port.ts";

/** What must hold after every story, whatever happened in it. */
type Invariant =
  | "descriptors"
  | "listeners"
  | "half-closed"
  | "balance"
  | "crashes"
  | "loop"
  | "log rate"
  | "heap";

/** The program that is watched. */
interface Watched {
  readonly pid: number;
  readonly status: StatusPort;
  /** How many lines its log has so far, each of which must be one JSON object. */
  readonly lines: () => number;
}

/** What the story does that is not to be held against the program. */
export interface Allowances {
  /** Threads that the story kills. Default 0. */
  readonly crashes?: number;
  /** How long what has just ended may take to go, in ms. Default 10,000. */
  readonly patienceMs?: number;
  /** How much more heap may be in use, that of what has not been collected yet included. Default 96 MiB. */
  readonly heapBytes?: number;
  /** What need not hold after this story, each with the reason. Default none. */
  readonly excused?: Readonly<Partial<Record<Invariant, string>>>;
}

/** Descriptors that may have been opened for good in between: a thread's, a library's. */
const tolerance = 2;
/** Looks until two are the same. */
const mostLooks = 10;
/** Idle connections that are kept to one replica. */
const mostKept = 128;
/** Lines of a log; and seconds by which the loop may have been late in the story, and later. Generous: test machines are busy. */
const bounds = { lines: 200, linesPerSecond: 100, lateSeconds: 5, lateInPeaceSeconds: 1 };

/** What is held open is given away by the kernel, the rest by the program's own metrics and table. */
interface Look extends Holdings {
  readonly samples: readonly MetricSample[];
  /** Ports that the table has, as `tcp/80`. */
  readonly services: ReadonlySet<string>;
  /** Replicas that are spoken to in HTTP. */
  readonly speakHttp: number;
}

/**
 * Takes note of what a whole program holds open. After a story it must hold as much again, but for what clients use that
 * are still there (I2, I3), with counters that balance (I4), an event loop that was never long away (I6), a bounded log
 * (I7) and no heap that grew and stayed (I8). That it is the same process (I1) is up to who has the process.
 */
export class ProgramBaseline {
  readonly #program: Watched;
  readonly #before: Look;
  readonly #options: Required<Allowances>;
  readonly #startedAt = performance.now();
  readonly #lines: number;

  private constructor(program: Watched, before: Look, options: Required<Allowances>) {
    this.#program = program;
    this.#before = before;
    this.#options = options;
    this.#lines = program.lines();
  }

  static async take(
    program: Watched,
    { crashes = 0, patienceMs = 10_000, heapBytes = 96 << 20, excused = {} }: Allowances = {},
  ): Promise<ProgramBaseline> {
    // A probe may be under way in any look; what never holds still is taken as it is at most.
    let before = await lookAt(program);
    for (let looks = 1; looks < mostLooks; looks += 1) {
      const now = await lookAt(program);
      if (now.rest === before.rest) break;
      if (now.rest > before.rest) before = now;
    }
    return new ProgramBaseline(program, before, { crashes, patienceMs, heapBytes, excused });
  }

  /** Fails with everything that does not hold; what has just ended is given its time to go. */
  async assertHeld(): Promise<void> {
    let broken: string[] = [];
    let mostLate: number = bounds.lateSeconds;
    const holds = async (): Promise<boolean> => {
      broken = this.#broken(await lookAt(this.#program), mostLate);
      mostLate = Math.min(mostLate, bounds.lateInPeaceSeconds);
      return broken.length === 0;
    };
    await eventually(holds, { withinMs: this.#options.patienceMs }).catch((error: unknown) => {
      assert.fail(`${broken.join("; ")} (${error instanceof Error ? error.message : ""})`);
    });
  }

  #broken(now: Look, mostLate: number): string[] {
    const { crashes, excused, heapBytes } = this.#options;
    const findings: Record<Invariant, readonly string[]> = {
      descriptors: excessOf(this.#before, now),
      listeners: [...now.listening]
        .filter((port) => !now.services.has(port) && !this.#before.listening.has(port))
        .map((port) => `still listens on ${port}`),
      // Whoever is still there may have ended its side, and so may its replica.
      "half-closed": now.halfClosed.length > 2 * now.clients ? now.halfClosed : [],
      balance: unbalancedServices(now.samples),
      crashes: differing("worker deaths", valueOf(now, "portolan_worker_crashes_total"), crashes),
      loop: above("seconds late", valueOf(now, "nodejs_eventloop_lag_p99_seconds"), mostLate),
      "log rate": above("log lines", this.#program.lines() - this.#lines, this.#mostLines),
      heap: above("bytes of heap", heapOf(now), heapOf(this.#before) + heapBytes),
    };
    return Object.entries(findings).flatMap(([name, found]) => (name in excused ? [] : found));
  }

  get #mostLines(): number {
    return bounds.lines + ((performance.now() - this.#startedAt) / 1000) * bounds.linesPerSecond;
  }
}

async function lookAt({ pid, status }: Watched): Promise<Look> {
  const [table, metrics] = await Promise.all([status.table(), status.text("/metrics")]);
  const { services, draining = [] } = table;
  const ports: KnownPorts = {
    status: status.port,
    draining: draining.map(({ key }) => Number(key.slice(key.indexOf("/") + 1))),
    http: new Set(
      services
        .filter(({ mode, hosts }) => mode === "http" || hosts !== undefined)
        .flatMap(({ replicas }) => replicas.map(({ address }) => portIn(address))),
    ),
  };
  return {
    ...holdingsOf(pid, ports),
    samples: readSamples(metrics),
    services: new Set(services.map(({ protocol, port }) => `${protocol}/${port}`)),
    speakHttp: ports.http.size,
  };
}

/** What is held open beyond what was, and beyond what clients that are still there need. */
function excessOf(before: Look, now: Look): string[] {
  // In another network nobody can be seen; there the program has to be believed.
  const visitors = now.visitors ?? sumOf(now, "portolan_connections_active");
  return [
    ...above("connections of clients", now.clients, visitors),
    ...above("descriptors", now.rest, before.rest + tolerance + now.clients),
    ...above("connections kept", now.kept, now.clients + mostKept * now.speakHttp),
    ...above("UDP sockets", now.sessions, sumOf(now, "portolan_udp_sessions_active") + tolerance),
  ];
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
  return [...sums]
    .filter(([, sum]) => sum !== 0)
    .map(([service, sum]) => `${service} has ${sum} without an end`);
}

function valueOf({ samples }: Look, wanted: string): number {
  return samples.find(({ name }) => name === wanted)?.value ?? 0;
}

function sumOf({ samples }: Look, wanted: string): number {
  return samples.filter(({ name }) => name === wanted).reduce((sum, { value }) => sum + value, 0);
}

function heapOf(look: Look): number {
  return valueOf(look, "nodejs_heap_size_used_bytes");
}

function above(what: string, is: number, most: number): string[] {
  return is > most ? [`${is} ${what}, at most ${most} were expected`] : [];
}

function differing(what: string, is: number, want: number): string[] {
  return is === want ? [] : [`${is} ${what}, not ${want}`];
}

function portIn(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
