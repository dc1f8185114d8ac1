import { collectDefaultMetrics, Registry } from "prom-client";
import type { GatewayFigures, ServiceFigures } from "../model/figures.ts";
import { catalogue } from "./catalogue.ts";
import { checkFamilies, type HealthFigures } from "./check-families.ts";
import { datagramFamilies } from "./datagram-families.ts";
import { Family, type Read, type Room } from "./family.ts";
import { gatewayFamilies } from "./gateway-families.ts";
import { processFamilies, sourceFamilies, type ProcessFigures } from "./process-families.ts";
import { publishedFamilies, type PublishedFigures } from "./published-families.ts";
import { replicaDetailFamilies, replicaStateFamilies } from "./replica-families.ts";
import { requestFamilies } from "./request-families.ts";
import { serviceFamilies } from "./service-families.ts";

export interface MetricsOptions extends Omit<ProcessFigures, "seriesDropped">, HealthFigures {
  readonly gateway: () => readonly GatewayFigures[];
  readonly published: () => PublishedFigures;
  /** Export every figure of every replica, not only its state. */
  readonly detailed: boolean;
  /** Series of services and replicas that one page shows; those beyond are counted. Default 100,000. */
  readonly mostSeries?: number;
}

type Readers = Readonly<Record<string, Read>>;

/** Some 15 MB of text: more than that is neither read nor kept in good time by whoever scrapes every host. */
const usualMost = 100_000;

/** Everything `/metrics` shows, read from where it lives at the moment of the scrape. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #services: () => readonly ServiceFigures[];
  readonly #mostSeries: number;
  readonly #room: Room = { left: 0, dropped: 0 };
  /** Read once for all families of a page. */
  #now: readonly ServiceFigures[] = [];
  #page: Promise<string> | undefined;

  constructor(options: MetricsOptions) {
    this.#services = options.services;
    this.#mostSeries = options.mostSeries ?? usualMost;
    const services = (): readonly ServiceFigures[] => this.#now;
    const figures = { ...options, services, seriesDropped: () => this.#room.dropped };
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 20 });
    this.#register({ ...gatewayFamilies(options.gateway), ...sourceFamilies(figures) });
    this.#register(publishedFamilies(options.published));
    // Those without which the others cannot be judged come first, where there is not room for all.
    const growing = {
      ...replicaStateFamilies(services),
      ...serviceFamilies(services),
      ...datagramFamilies(services),
      ...requestFamilies(services, options.gateway),
      ...checkFamilies(options),
      ...(options.detailed ? replicaDetailFamilies(services) : {}),
    };
    this.#register(growing, this.#room);
    this.#register(processFamilies(figures));
  }

  /** The Prometheus text of this moment; those who ask while it is made share it. */
  async render(): Promise<{ readonly type: string; readonly body: string }> {
    this.#page ??= this.#make().finally(() => {
      this.#page = undefined;
    });
    return { type: this.#registry.contentType, body: await this.#page };
  }

  async #make(): Promise<string> {
    this.#now = this.#services();
    this.#room.left = this.#mostSeries;
    return await this.#registry.metrics();
  }

  #register(readers: Readers, room?: Room): void {
    for (const [name, read] of Object.entries(readers)) {
      const described = catalogue[name];
      if (described === undefined) throw new Error(`metric ${name} is not in the catalogue`);
      const shown = { described, read, ...(room === undefined ? {} : { room }) };
      this.#registry.registerMetric(new Family(name, shown));
    }
  }
}
