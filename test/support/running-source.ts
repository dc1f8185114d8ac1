import {
  MarathonSource,
  type MarathonSourceOptions,
} from "../../src/discovery/marathon/marathon-source.ts";
import type { Logger } from "../../src/model/logger.ts";
import type { Source, SourceState } from "../../src/discovery/source.ts";
import { until } from "./scripted-marathon.ts";

/** A source that is being read in the background; disposing it aborts it and waits for its end. */
export class RunningSource implements AsyncDisposable {
  readonly states: SourceState[] = [];
  readonly #controller = new AbortController();
  readonly #reading: Promise<void>;

  constructor(source: Source) {
    this.#reading = this.#read(source);
  }

  get last(): SourceState | undefined {
    return this.states.at(-1);
  }

  /** Resolves with the newest state once there are `count` of them. */
  async have(count: number): Promise<SourceState> {
    await until(() => this.states.length >= count);
    const state = this.last;
    if (state === undefined) throw new Error("no state");
    return state;
  }

  /** `app:port` → `host:port health`, per replica of the newest state, sorted; a draining one says so. */
  get routes(): readonly string[] {
    return routesOf(this.last);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#reading;
  }

  async #read(source: Source): Promise<void> {
    for await (const state of source.run(this.#controller.signal)) this.states.push(state);
  }
}

export function routesOf(state: SourceState | undefined): readonly string[] {
  const routes = (state?.services ?? []).flatMap(({ app, port, replicas }) =>
    replicas.map(({ address, health, draining }) => {
      const where = `${app}:${port} ${address.host}:${address.port}`;
      return draining ? `${where} draining` : `${where} ${health}`;
    }),
  );
  return routes.toSorted();
}

/** A logger that keeps `level message` lines. */
export function keepingLogger(lines: string[] = []): Logger {
  const keep =
    (level: string) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
    };
  return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** A MarathonSource with short, steady times; options of the test win. */
export function marathonSource(
  endpoints: readonly URL[],
  options: Partial<MarathonSourceOptions> = {},
): MarathonSource {
  return new MarathonSource({
    endpoints,
    refreshIntervalMs: 600_000,
    clock: Date.now,
    random: () => 0.5,
    logger: keepingLogger(),
    ...options,
  });
}
