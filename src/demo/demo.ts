import { choosePort } from "./choose-port.ts";
import { EmbeddedMarathon } from "./marathon/marathon.ts";
import { sampleApps, toDefinition, type SampleApp } from "./sample-apps.ts";
import { SampleExecutor } from "./sample-executor.ts";
import { playScript } from "./script.ts";
import { visit, type VisitCount } from "./visitors.ts";

export interface DemoOptions {
  /** Play the script of changes. */
  readonly script: boolean;
  /** Time between its steps, in ms. Default 8000. */
  readonly pauseMs?: number;
  /** Told everything worth telling, a line at a time. */
  readonly say: (line: string) => void;
  readonly clock: () => number;
  readonly random: () => number;
}

/** A sample app with the service port it got. */
export interface PlacedApp extends SampleApp {
  readonly servicePort: number;
}

const marathonPort = 8080;
// Slow enough to watch, quick enough not to wait for.
const pace = { startMs: 300, stopMs: 1500 };

/** An embedded Marathon with four sample apps that really run, and clients that visit them through the proxy. */
export class Demo implements AsyncDisposable {
  readonly marathon: EmbeddedMarathon;
  readonly apps: readonly PlacedApp[];
  readonly visits: VisitCount = { served: 0, failed: 0 };
  readonly #executor: SampleExecutor;
  readonly #options: DemoOptions;
  readonly #life = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(
    options: DemoOptions,
    parts: Pick<Demo, "marathon" | "apps"> & { executor: SampleExecutor },
  ) {
    this.#options = options;
    this.marathon = parts.marathon;
    this.apps = parts.apps;
    this.#executor = parts.executor;
  }

  /** Starts Marathon and its apps; resolves when every replica runs. */
  static async start(options: DemoOptions): Promise<Demo> {
    const { clock, random, say } = options;
    const executor = new SampleExecutor(pace);
    const port = await choose(marathonPort, "Marathon", say);
    const marathon = await EmbeddedMarathon.start({ port, executor, clock, random });
    const apps: PlacedApp[] = [];
    for (const app of sampleApps) {
      const servicePort = await choose(app.port, app.id, say);
      marathon.putApp(toDefinition(app, servicePort));
      apps.push({ ...app, servicePort });
    }
    await marathon.settled();
    return new Demo(options, { marathon, apps, executor });
  }

  /** Lines to try in another terminal. */
  get hints(): string[] {
    return this.apps.map(({ tryIt, servicePort }) => tryIt.replace("PORT", String(servicePort)));
  }

  /** Lets the clients come and the script play, until the signal aborts or the demo is disposed. */
  play(until: AbortSignal): void {
    const { script, pauseMs = 8000, say, random } = this.#options;
    const signal = AbortSignal.any([until, this.#life.signal]);
    const streams = this.apps.filter(({ kind }) => kind !== "datagrams");
    const ports = streams.map(({ servicePort }) => servicePort);
    const { marathon } = this;
    const executor = this.#executor;
    this.#running = Promise.all([
      visit({ ports, random }, this.visits, signal),
      script ? playScript({ marathon, executor, pauseMs, say, random }, signal) : undefined,
    ]);
  }

  /** Settles when playing has ended; rejects when the script failed. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#running;
    await this.marathon[Symbol.asyncDispose]();
    await this.#executor[Symbol.asyncDispose]();
  }
}

async function choose(wanted: number, what: string, say: (line: string) => void): Promise<number> {
  const port = await choosePort(wanted, "127.0.0.1");
  if (port !== wanted) say(`port ${wanted} is taken: ${what} is on ${port} instead`);
  return port;
}
