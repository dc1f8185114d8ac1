import { collectDefaultMetrics, Registry } from "prom-client";
import type { GatewayFigures, ServiceFigures } from "../model/figures.ts";
import type { MemoryFigures } from "../model/memory.ts";
import { catalogue } from "./catalogue.ts";
import { checkFamilies, type HealthFigures } from "./check-families.ts";
import { datagramFamilies } from "./datagram-families.ts";
import { familyLines, type FamilyOptions, type Read, type Room } from "./family.ts";
import { gatewayFamilies } from "./gateway-families.ts";
import { memoryFamilies } from "./memory-families.ts";
import { processFamilies, sourceFamilies, type ProcessFigures } from "./process-families.ts";
import { publishedFamilies, type PublishedFigures } from "./published-families.ts";
import { replicaDetailFamilies, replicaStateFamilies } from "./replica-families.ts";
import { requestFamilies } from "./request-families.ts";
import { serviceFamilies } from "./service-families.ts";
import { toRow, type ServiceRow } from "./service-row.ts";
import { inPieces, inSlices, Slices } from "./slices.ts";

export interface MetricsOptions
  extends Omit<ProcessFigures, "seriesDropped" | "services">, HealthFigures {
  /** What costs something is best given one by one. */
  readonly services: () => Iterable<ServiceFigures>;
  readonly gateway: () => readonly GatewayFigures[];
  readonly published: () => PublishedFigures;
  /** Undefined where memory has no limit. */
  readonly memory: () => MemoryFigures | undefined;
  /** Export every figure of every replica, not only its state. */
  readonly detailed: boolean;
  /** Series of services and replicas that one page shows; those beyond are counted. Default 200,000. */
  readonly mostSeries?: number;
}

/** Prometheus text, in pieces to be sent one after the other. */
export interface MetricsPage {
  /** The content type. */
  readonly type: string;
  readonly body: readonly Uint8Array[];
}

type Readers = Readonly<Record<string, Read>>;

/** Some 17 MB of text: more than that is neither read nor kept in good time by whoever scrapes every host. */
const usualMost = 200_000;

/** A page of more series than that is kept for whoever asks next; a smaller one is made in no time. */
const fewSeries = 10_000;

/** How long, in ms. */
const keepMs = 1000;

/** Everything `/metrics` shows, read from where it lives at the moment of the scrape. */
export class Metrics {
  /** The client's own metrics of process and runtime. */
  readonly #registry = new Registry();
  readonly #families: FamilyOptions[] = [];
  readonly #services: () => Iterable<ServiceFigures>;
  readonly #mostSeries: number;
  readonly #room: Room = { left: 0, dropped: 0 };
  /** Read once for all families of a page. */
  #now: readonly ServiceRow[] = [];
  #page: Promise<readonly Uint8Array[]> | undefined;

  constructor(options: MetricsOptions) {
    this.#services = options.services;
    this.#mostSeries = options.mostSeries ?? usualMost;
    const services = (): readonly ServiceRow[] => this.#now;
    const figures = { ...options, services, seriesDropped: () => this.#room.dropped };
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 20 });
    this.#register({ ...gatewayFamilies(options.gateway), ...sourceFamilies(figures) });
    this.#register(publishedFamilies(options.published));
    // Those without which the others cannot be judged come first, where there is not room for all.
    const growing = {
      ...serviceFamilies(services),
      ...datagramFamilies(services),
      ...requestFamilies(services, options.gateway),
      ...replicaStateFamilies(services),
      ...checkFamilies(options),
      ...(options.detailed ? replicaDetailFamilies(services) : {}),
    };
    this.#register(growing, this.#room);
    this.#register({ ...processFamilies(figures), ...memoryFamilies(options.memory) });
  }

  /** The Prometheus text of this moment; those who ask while it is made, or soon after one that is large, share it. */
  async render(): Promise<MetricsPage> {
    this.#page ??= this.#make();
    return { type: this.#registry.contentType, body: await this.#page };
  }

  async #make(): Promise<readonly Uint8Array[]> {
    let keepFor = 0;
    try {
      const slices = new Slices(() => performance.now());
      this.#now = await inSlices(rowsOf(this.#services()), slices);
      this.#room.left = this.#mostSeries;
      const own = await inPieces(this.#lines(), slices);
      if (this.#mostSeries - this.#room.left > fewSeries) keepFor = keepMs;
      return [Buffer.from(await this.#registry.metrics()), Buffer.from("\n"), ...own];
    } finally {
      this.#now = [];
      this.#forgetIn(keepFor);
    }
  }

  #forgetIn(ms: number): void {
    const forget = (): void => {
      this.#page = undefined;
    };
    if (ms === 0) forget();
    else setTimeout(forget, ms).unref();
  }

  *#lines(): Iterable<string> {
    for (const family of this.#families) yield* familyLines(family);
  }

  #register(readers: Readers, room?: Room): void {
    for (const [name, read] of Object.entries(readers)) {
      const described = catalogue[name];
      if (described === undefined) throw new Error(`metric ${name} is not in the catalogue`);
      this.#families.push({ name, described, read, room });
    }
  }
}

function* rowsOf(services: Iterable<ServiceFigures>): Iterable<ServiceRow> {
  for (const figures of services) yield toRow(figures);
}
