import { type MarathonEvent, streamAttached, streamDetached, withLightPlan } from "./events.ts";
import type { Cluster } from "./cluster.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";

interface Subscriber {
  readonly stream: EventStream;
  readonly types: ReadonlySet<string> | undefined;
  readonly isLight: boolean;
}

/** How streams behave where the exchange does not say. */
export type StreamSettings = Pick<EventStreamOptions, "heartbeatMs" | "outstanding">;

/** Every open event stream; only the leader has any. */
export class EventStreams {
  readonly #cluster: Cluster;
  readonly #settings: StreamSettings;
  readonly #subscribers = new Set<Subscriber>();

  constructor(cluster: Cluster, settings: StreamSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    cluster.onEvent((event) => this.#publish(event));
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /** Takes over a response whose head is out, and announces it to every stream, the new one first. */
  attach({ response, url, clientIp }: Exchange, isSilent: () => boolean): void {
    const { rules } = this.#cluster;
    const filter = url.searchParams.has("event_type") && rules.eventFilter;
    const stream = new EventStream(response, {
      ...this.#settings,
      slowConsumer: rules.slowConsumer,
      isSilent,
      onClosed: () => {
        this.#subscribers.delete(subscriber);
        this.#cluster.emit(streamDetached(this.#cluster.stamp, clientIp));
      },
    });
    const subscriber: Subscriber = {
      stream,
      types: filter ? new Set(url.searchParams.getAll("event_type")) : undefined,
      isLight: url.searchParams.get("plan-format") === "light" && rules.heavyPlans === "by-default",
    };
    this.#subscribers.add(subscriber);
    this.#cluster.emit(streamAttached(this.#cluster.stamp, clientIp));
  }

  /** Ends every stream with a plain end of its body. */
  closeAll(): void {
    for (const { stream } of this.#subscribers) stream.close();
  }

  #publish(event: MarathonEvent): void {
    let whole: Buffer | undefined;
    let light: Buffer | undefined;
    for (const { stream, types, isLight } of this.#subscribers) {
      if (types !== undefined && !types.has(event.eventType)) continue;
      if (isLight) light ??= frame(withLightPlan(event));
      else whole ??= frame(event);
      const bytes = isLight ? light : whole;
      if (bytes !== undefined) stream.push(bytes);
    }
  }
}

/** `event:` before `data:`, one line of JSON, every line ended by CRLF. [marathon: wire format] */
function frame(event: MarathonEvent): Buffer {
  return Buffer.from(`event: ${event.eventType}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`);
}
