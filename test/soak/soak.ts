import { readFileSync } from "node:fs";
import { Song } from "../support/canary.ts";
import { freePort } from "../support/free-port.ts";
import { app, place, startMarathon } from "../support/marathon.ts";
import { RunningProxy } from "../support/running-proxy.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { Mischief } from "./mischief.ts";
import { newTally, sendTraffic, type Tally } from "./traffic.ts";

export interface SoakOptions {
  readonly random: () => number;
  readonly perSecond: number;
}

/** One thing that must have held to the end. */
export interface Holding {
  readonly name: string;
  readonly holds: boolean;
  readonly shown: string;
}

interface Sample {
  readonly atHours: number;
  readonly megabytes: number;
}

/** Traffic, changes of route and faults on one proxy for as long as asked, and what must hold all the while. */
export class Soak implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #options: SoakOptions;
  readonly #proxy: RunningProxy;
  readonly #song: Song;
  readonly #mischief: Mischief;
  readonly #port: number;
  readonly #tally: Tally = newTally();
  readonly #memory: Sample[] = [];

  private constructor(parts: {
    owned: AsyncDisposableStack;
    options: SoakOptions;
    proxy: RunningProxy;
    mischief: Mischief;
    ports: { readonly canary: number; readonly churn: number };
  }) {
    this.#owned = parts.owned;
    this.#options = parts.options;
    this.#proxy = parts.proxy;
    this.#mischief = parts.mischief;
    this.#port = parts.ports.churn;
    this.#song = this.#owned.use(new Song(parts.ports.canary));
  }

  static async start(options: SoakOptions): Promise<Soak> {
    const owned = new AsyncDisposableStack();
    const bird = owned.use(await TcpReplica.start(echo));
    const marathon = owned.use(await startMarathon({ members: 3 }));
    const ports = { canary: await freePort(), churn: await freePort() };
    marathon.putApp(app("/canary", ports.canary));
    place(marathon, "/canary", bird.port);
    marathon.putApp(app("/churn", ports.churn));
    const { random } = options;
    const mischief = owned.use(
      new Mischief({ marathon, app: "/churn", port: ports.churn, random }),
    );
    await mischief.begin();
    const proxy = owned.use(await RunningProxy.start(["--marathon", marathon.urls.join(",")]));
    await proxy.ready();
    await proxy.service(ports.churn, ({ replicas }) => replicas.length === 3);
    return new Soak({ owned, options, proxy, mischief, ports });
  }

  /** Runs for so long; tells once a minute how it goes. */
  async run(ms: number, tell: (line: string) => void): Promise<void> {
    const startedAt = performance.now();
    const stop = new AbortController();
    const { perSecond } = this.#options;
    const traffic = sendTraffic({
      port: this.#port,
      perSecond,
      signal: stop.signal,
      tally: this.#tally,
    });
    let toldAt = startedAt;
    let faults = 0;
    while (performance.now() - startedAt < ms) {
      await this.#mischief.next();
      faults += 1;
      this.#sample(startedAt);
      if (performance.now() - toldAt < 60_000) continue;
      toldAt = performance.now();
      const minutes = Math.round((toldAt - startedAt) / 60_000);
      const { megabytes = 0 } = this.#memory.at(-1) ?? {};
      tell(`${minutes} min: ${this.#tally.served} served, ${faults} faults, ${megabytes} MB`);
    }
    stop.abort();
    await traffic;
  }

  /** Everything that must hold, looked at when all traffic has ended. */
  async verdicts(): Promise<Holding[]> {
    const failures = JSON.stringify(Object.fromEntries(this.#tally.failures));
    const { served } = this.#tally;
    const slope = slopeOf(this.#memory);
    return [
      await holding("the canary", () => this.#song.assertWell(), `${this.#song.served} served`),
      await holding("the process", () => this.#proxy.assertHeld(), "as it was at the start"),
      {
        name: "connections while replicas come and go",
        holds: this.#tally.failures.size === 0 && served > 0,
        shown: `${served} served, failures ${failures}`,
      },
      {
        // What a short run shows is start-up, not a leak.
        name: "memory",
        holds: (this.#memory.at(-1)?.atHours ?? 0) < 1 || slope < 4,
        shown: `${slope.toFixed(1)} MB an hour over the second half`,
      },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  #sample(startedAt: number): void {
    const status = readFileSync(`/proc/${this.#proxy.pid}/status`, "utf8");
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    const atHours = (performance.now() - startedAt) / 3_600_000;
    this.#memory.push({ atHours, megabytes: Math.round(kilobytes / 1024) });
  }
}

async function holding(name: string, check: () => Promise<void>, good: string): Promise<Holding> {
  try {
    await check();
    return { name, holds: true, shown: good };
  } catch (error) {
    return { name, holds: false, shown: error instanceof Error ? error.message : String(error) };
  }
}

/** Growth per hour over the second half of the samples, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const mean = (value: (sample: Sample) => number): number =>
    late.reduce((sum, sample) => sum + value(sample), 0) / Math.max(1, late.length);
  const [time, size] = [mean(({ atHours }) => atHours), mean(({ megabytes }) => megabytes)];
  const spread = mean(({ atHours }) => (atHours - time) ** 2);
  if (spread === 0) return 0;
  return mean(({ atHours, megabytes }) => (atHours - time) * (megabytes - size)) / spread;
}
