import { repeat } from "../async/repeat.ts";
import { sleep } from "../async/sleep.ts";
import type { ServiceFigures } from "../model/figures.ts";
import { choosePort } from "./choose-port.ts";
import { Demo, type DemoOptions } from "./demo.ts";
import { renderLiveTable, type Reading } from "./live-table.ts";
import { Screen } from "./screen.ts";

/** What the demo looks at of the proxy it is played for. */
export interface Watched {
  readonly statusAddress: string | undefined;
  ready(): boolean;
  figures(): Iterable<ServiceFigures>;
}

export interface StageOptions extends DemoOptions {
  readonly version: string;
  /** Undefined tells everything in plain lines. */
  readonly picture: Screen | undefined;
}

const redrawMs = 1000;
const plainMs = 5000;

/** The demo and the place where it is shown: a live table on a terminal, plain lines elsewhere. */
export class Stage implements AsyncDisposable {
  readonly #demo: Demo;
  readonly #options: StageOptions;

  private constructor(demo: Demo, options: StageOptions) {
    this.#demo = demo;
    this.#options = options;
  }

  /** A picture on this terminal; none without one. */
  static picture(out: NodeJS.WriteStream | undefined): Screen | undefined {
    return out === undefined ? undefined : new Screen(out);
  }

  /** Starts Marathon and the sample apps. */
  static async open(options: StageOptions): Promise<Stage> {
    return new Stage(await Demo.start(options), options);
  }

  /** What to read services from. */
  get marathon(): readonly URL[] {
    return this.#demo.marathon.urls.map((url) => new URL(url));
  }

  /** The demo is shown to this host only, on another port when the usual one is taken. */
  async statusEndpoint(usual: number): Promise<{ readonly host: string; readonly port: number }> {
    const host = "127.0.0.1";
    const port = await choosePort(usual, host);
    if (port !== usual) {
      this.#options.say(`port ${usual} is taken: the status port is ${port} instead`);
    }
    return { host, port };
  }

  /** Plays once the proxy serves and shows what happens, until the signal aborts. */
  async watch(proxy: Watched, signal: AbortSignal): Promise<void> {
    const { picture, say } = this.#options;
    while (!proxy.ready()) await sleep(50, signal);
    const introduction = this.#introduce(proxy.statusAddress);
    if (picture === undefined) for (const line of introduction) say(line);
    this.#demo.play(signal);
    const show =
      picture === undefined ? this.#tell(proxy) : this.#draw(picture, proxy, introduction);
    const everyMs = picture === undefined ? plainMs : redrawMs;
    await Promise.all([repeat(everyMs, signal, show), this.#demo.ended()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#demo[Symbol.asyncDispose]();
  }

  #introduce(status: string | undefined): string[] {
    const { version } = this.#options;
    const [url] = this.#demo.marathon.urls;
    const lines = [`portolan ${version}: a demo with its own Marathon at ${url}`, "try:"];
    for (const hint of this.#demo.hints) lines.push(`  ${hint}`);
    if (status === undefined) return lines;
    lines.push(`  the dashboard: http://${status}/`);
    for (const path of ["/status", "/api/table", "/metrics"]) {
      lines.push(`  curl http://${status}${path}`);
    }
    return lines;
  }

  #draw(picture: Screen, proxy: Watched, introduction: readonly string[]): () => void {
    let before: Reading | undefined;
    return () => {
      const now = performance.now();
      const table = renderLiveTable({
        services: [...proxy.figures()],
        before,
        now,
        colour: picture.colour,
      });
      before = table.reading;
      picture.draw([...introduction, "", ...table.lines, "", this.#visits()]);
    };
  }

  #tell(proxy: Watched): () => void {
    return () => {
      const services = [...proxy.figures()].map(({ service, replicas }) => {
        const up = replicas.filter(({ state }) => state === "up").length;
        return `${service} ${up}/${replicas.length} up`;
      });
      this.#options.say(`${services.join(", ")}; ${this.#visits()}`);
    };
  }

  #visits(): string {
    const { served, failed } = this.#demo.visits;
    return `${served} visits served, ${failed} failed`;
  }
}
