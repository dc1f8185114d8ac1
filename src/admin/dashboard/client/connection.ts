import type { LiveChange, LiveReplicas } from "../../live-document.ts";

/** What is told of the stream. */
export interface Listener {
  readonly began: (change: LiveChange) => void;
  readonly changed: (change: LiveChange) => void;
  readonly replicas: (replicas: LiveReplicas) => void;
  readonly state: (isLive: boolean) => void;
}

const againMs = 3000;

/** The stream of `/api/live`; it comes back by itself, and anew when other services are unfolded. */
export class Connection {
  readonly #listener: Listener;
  #stream: EventSource | undefined;
  #open: readonly string[] = [];

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Listens, with the replicas of these services. */
  listen(open: readonly string[]): void {
    this.#open = open;
    this.#stream?.close();
    const query = new URLSearchParams(open.map((key) => ["open", key]));
    const stream = new EventSource(`/api/live?${query.toString()}`);
    this.#stream = stream;
    const { began, changed, replicas, state } = this.#listener;
    on(stream, "full", (data) => {
      state(true);
      began(JSON.parse(data));
    });
    on(stream, "change", (data) => changed(JSON.parse(data)));
    on(stream, "heartbeat", (data) => changed(JSON.parse(data)));
    on(stream, "replicas", (data) => replicas(JSON.parse(data)));
    stream.addEventListener("error", () => {
      state(false);
      // [html: server-sent events] a refusal, unlike a broken connection, is not tried again by the browser.
      if (stream.readyState === EventSource.CLOSED) this.#listenAgain(stream);
    });
  }

  #listenAgain(ended: EventSource): void {
    setTimeout(() => {
      if (this.#stream === ended) this.listen(this.#open);
    }, againMs);
  }
}

function on(stream: EventSource, type: string, take: (data: string) => void): void {
  stream.addEventListener(type, (event: MessageEvent<string>) => take(event.data));
}
