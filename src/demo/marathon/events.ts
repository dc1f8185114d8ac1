import type { DialectRules } from "./dialect.ts";
import type { JsonObject } from "./fields.ts";

/** An event as it goes out, its fields in the order Marathon writes them. */
export type MarathonEvent = JsonObject & { readonly eventType: string };

/** What every event needs besides its own matter. */
export interface Stamp {
  readonly rules: DialectRules;
  readonly at: string;
}

export function streamAttached({ at }: Stamp, remoteAddress: string): MarathonEvent {
  return { remoteAddress, eventType: "event_stream_attached", timestamp: at };
}

export function streamDetached({ at }: Stamp, remoteAddress: string): MarathonEvent {
  return { remoteAddress, eventType: "event_stream_detached", timestamp: at };
}

/** `subscribe_event` or `unsubscribe_event`. */
export function subscription(
  { at }: Stamp,
  eventType: "subscribe_event" | "unsubscribe_event",
  { clientIp, callbackUrl }: { readonly clientIp: string; readonly callbackUrl: string },
): MarathonEvent {
  return { clientIp, callbackUrl, eventType, timestamp: at };
}

export function schedulerRegistered({ at }: Stamp, frameworkId: string): MarathonEvent {
  const master = "127.0.0.1";
  return { frameworkId, master, eventType: "scheduler_registered_event", timestamp: at };
}

/** The event without the two group trees of a deployment plan, as `plan-format=light` asks. */
export function withLightPlan(event: MarathonEvent): MarathonEvent {
  const plan = event["plan"];
  if (typeof plan !== "object" || plan === null || !("original" in plan)) return event;
  const { original: _original, target: _target, ...light } = { target: undefined, ...plan };
  return { ...event, plan: light };
}
