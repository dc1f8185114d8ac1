import { EventSource } from "eventsource";

import { fetchOnce } from "./event-fetch.ts";
import { eventTypes, readEvent, type MarathonEvent } from "./events.ts";
import type { Requester } from "./http.ts";
import { apiUrl, type Member } from "./members.ts";

/** What a stream reports while it lives. */
export interface StreamListener {
  /** The head of the answer is in; events may have been missed until just now. */
  opened(member: Member): void;
  received(event: MarathonEvent): void;
  /** The listener itself failed: a bug that must not end the process. */
  failed(error: unknown): void;
}

/** How one stream came to its end. */
export interface StreamEnding {
  readonly reason: string;
  /** How long events could flow, in ms; 0 when it never opened. */
  readonly openMs: number;
}

const maxBufferSize = 8 * 1024 * 1024;

/**
 * Listens to one member until its stream ends in any way, or the signal aborts. The stream is never reopened here:
 * [eventsource] gives up for good on any status but 200 and otherwise retries the same URL every 3 s, so its owner
 * decides where and when to open the next one.
 */
export function listen(
  requester: Requester,
  member: Member,
  { listener, signal }: { readonly listener: StreamListener; readonly signal: AbortSignal },
): Promise<StreamEnding> {
  if (signal.aborted) return Promise.resolve({ reason: "stopped", openMs: 0 });
  return new Promise((resolve) => {
    let openedAt: number | undefined;
    const fetch = fetchOnce(requester, member);
    const stream = new EventSource(eventsUrl(member), { fetch, maxBufferSize });
    const end = (reason: string): void => {
      signal.removeEventListener("abort", onAbort);
      stream.close();
      // Its retry timer is set after its error event: closing it again clears that.
      queueMicrotask(() => stream.close());
      resolve({ reason, openMs: openedAt === undefined ? 0 : performance.now() - openedAt });
    };
    const onAbort = (): void => end("stopped");
    signal.addEventListener("abort", onAbort, { once: true });
    stream.addEventListener("error", ({ code, message }) => end(endingOf(code, message)));
    stream.addEventListener("open", () => {
      openedAt = performance.now();
      guarded(listener, () => listener.opened(member));
    });
    forward(stream, listener);
  });
}

function forward(stream: EventSource, listener: StreamListener): void {
  for (const type of [...eventTypes, "message"]) {
    stream.addEventListener(type, ({ data }) => {
      guarded(listener, () => {
        const event = readEvent(type, data);
        if (event !== undefined) listener.received(event);
      });
    });
  }
}

/** [eventsource] What a listener throws would end the process. */
function guarded(listener: StreamListener, act: () => void): void {
  try {
    act();
  } catch (error) {
    listener.failed(error);
  }
}

/** `/v2/events` with only the types that matter, and deployment plans in their short form. */
function eventsUrl(member: Member): URL {
  const query = new URLSearchParams({ "plan-format": "light" });
  // [marathon: event_type] Repeated, since comma lists are not split.
  for (const type of eventTypes) query.append("event_type", type);
  return apiUrl(member, "/v2/events", query);
}

function endingOf(code: number | undefined, message: string | undefined): string {
  if (code !== undefined && code !== 200) return `http ${code}`;
  return message ?? "ended by the other side";
}
