import type { mock } from "node:test";
import { Latest } from "../../../src/async/latest.ts";
import { Controller } from "../../../src/control/controller.ts";
import type { MarathonEvent } from "../../../src/discovery/marathon/events.ts";
import { Overlay } from "../../../src/discovery/marathon/overlay.ts";
import { toServices } from "../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../src/discovery/marathon/wire.ts";
import type { Source, SourceState } from "../../../src/discovery/source.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { RouteChange } from "../../../src/routing/diff.ts";
import type { Table } from "../../../src/routing/table.ts";
import { handChecks, HandProber } from "../../support/checks.ts";
import { everything } from "../../unit/discovery/marathon/service-options.ts";

/** A source that says what it is told to, without sockets. */
export class SpokenSource implements Source {
  readonly name: string;
  readonly #states = new Latest<SourceState>();
  /** Looks that the controller has asked for and not got yet. */
  wanted: boolean = false;

  constructor(name: string) {
    this.name = name;
  }

  say(state: SourceState): void {
    this.wanted = false;
    this.#states.set(state);
  }

  run(signal: AbortSignal): AsyncIterable<SourceState> {
    return this.#states.values(signal);
  }

  status(): never {
    throw new Error("not asked here");
  }

  resync(): void {
    this.wanted = true;
  }
}

/** A service port that no app may have. */
export const reservedPort = 10_005;

export interface Published {
  readonly table: Table;
  readonly changes: readonly RouteChange[];
}

/** The control plane with everything but its sockets, on a clock that the test moves. */
export class Rig implements AsyncDisposable {
  readonly marathon: SpokenSource = new SpokenSource("marathon");
  readonly file: SpokenSource = new SpokenSource("file");
  readonly prober: HandProber = new HandProber();
  readonly published: Published[] = [];
  readonly controller: Controller;
  now: number = Date.UTC(2026, 0, 1);
  readonly #overlay = new Overlay();
  #lists = 0;
  readonly #timers: typeof mock.timers;
  readonly #life = new AbortController();
  readonly #running: Promise<void>;

  constructor(timers: typeof mock.timers) {
    this.#timers = timers;
    const sources = [this.marathon, this.file];
    this.controller = new Controller({
      feeds: sources.map((source) => ({ source, states: (signal) => source.run(signal) })),
      rules: {
        ports: {
          firstPort: 1,
          lastPort: 65_535,
          reserved: new Map([[`tcp/${reservedPort}`, "our own"]]),
          sources: ["marathon", "file"],
          mergesSources: false,
        },
        defaultPolicy,
        groupSize: 1,
        isOwnHost: () => false,
        isOwnPort: () => false,
      },
      checks: handChecks(this.prober),
      connectionsOn: () => 0,
      shrinkGuard: true,
      clock: () => this.now,
      steadyClock: () => this.now,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      publish: (table, changes) => this.published.push({ table, changes }),
    });
    this.#running = this.controller.run(this.#life.signal);
  }

  get table(): Table {
    return this.controller.table;
  }

  /** Marathon's list is this document from now on; undefined when that is no list. */
  list(document: unknown): SourceState | undefined {
    const parsed = parseApps(document);
    if (parsed === undefined) return undefined;
    this.#lists += 1;
    this.#overlay.settle(parsed.apps, this.now, this.now);
    return this.view();
  }

  /** The state after an event, before any list. */
  hear(event: MarathonEvent): SourceState {
    this.#overlay.note(event, this.now);
    return this.view();
  }

  view(): SourceState {
    const { services, problems } = toServices(this.#overlay.view(), everything);
    return { services, problems, confirmedGone: this.#overlay.gone(this.now), look: this.#lists };
  }

  /** Moves the clock, lets timers fire and whatever they set off. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    this.#timers.tick(ms);
    await this.turn();
  }

  /** Lets everything that waits for nothing but its turn run. */
  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    this.#timers.tick(1);
    await this.#running;
  }
}
