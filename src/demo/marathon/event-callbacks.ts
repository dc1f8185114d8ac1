import { request } from "node:http";
import type { Cluster } from "./cluster.ts";
import { type MarathonEvent, subscription } from "./events.ts";

interface Endpoint {
  readonly url: string;
  failures: number;
  /** Events before this time (ms since the epoch) are skipped. */
  skippedUntil: number;
  delivery: Promise<void>;
}

const slowEndpointMs = 10_000;

/** The event callbacks of 1.4 and before: each event is posted once to each URL, in order, and never again. [marathon: eventSubscriptions] */
export class EventCallbacks {
  readonly #cluster: Cluster;
  readonly #clock: () => number;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #closing = new AbortController();

  constructor(cluster: Cluster, clock: () => number) {
    this.#cluster = cluster;
    this.#clock = clock;
    cluster.onEvent((event) => this.#deliver(event));
  }

  get urls(): readonly string[] {
    return [...this.#endpoints.keys()];
  }

  /** Returns the event that announces it. */
  subscribe(callbackUrl: string, clientIp: string): MarathonEvent {
    const delivery = Promise.resolve();
    this.#endpoints.set(callbackUrl, { url: callbackUrl, failures: 0, skippedUntil: 0, delivery });
    return this.#announce("subscribe_event", callbackUrl, clientIp);
  }

  /** Returns the event that announces it. */
  unsubscribe(callbackUrl: string, clientIp: string): MarathonEvent {
    const event = this.#announce("unsubscribe_event", callbackUrl, clientIp);
    this.#endpoints.delete(callbackUrl);
    return event;
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    const deliveries = [...this.#endpoints.values()].map(({ delivery }) => delivery);
    this.#endpoints.clear();
    await Promise.all(deliveries);
  }

  #announce(
    eventType: "subscribe_event" | "unsubscribe_event",
    callbackUrl: string,
    clientIp: string,
  ): MarathonEvent {
    const event = subscription(this.#cluster.stamp, eventType, { clientIp, callbackUrl });
    this.#cluster.emit(event);
    return event;
  }

  #deliver(event: MarathonEvent): void {
    for (const endpoint of this.#endpoints.values()) {
      endpoint.delivery = endpoint.delivery.then(() => this.#post(endpoint, event));
    }
  }

  async #post(endpoint: Endpoint, event: MarathonEvent): Promise<void> {
    if (this.#endpoints.get(endpoint.url) !== endpoint) return;
    if (this.#clock() < endpoint.skippedUntil) return;
    const isDelivered = await post(endpoint.url, JSON.stringify(event), this.#closing.signal);
    if (isDelivered) {
      endpoint.failures = 0;
    } else {
      endpoint.failures += 1;
      endpoint.skippedUntil = this.#clock() + 1000 * 2 ** endpoint.failures;
    }
  }
}

/** True when the endpoint answered with success in time. */
function post(url: string, body: string, signal: AbortSignal): Promise<boolean> {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const options = { method: "POST", headers, timeout: slowEndpointMs, signal };
  return new Promise((resolve) => {
    const outgoing = request(url, options, (answer) => {
      answer.on("error", () => resolve(false));
      answer.on("end", () => resolve((answer.statusCode ?? 500) < 300));
      answer.resume();
    });
    outgoing.on("timeout", () => void outgoing.destroy());
    outgoing.on("error", () => resolve(false));
    outgoing.on("close", () => resolve(false));
    outgoing.end(body);
  });
}
