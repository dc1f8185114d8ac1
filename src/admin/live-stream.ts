import type { ServerResponse } from "node:http";
import { liveChange, replicasChange, type LiveTexts, type ReplicaTexts } from "./live-texts.ts";

/** Bytes that may wait for a reader before it is left out until it has caught up. */
const mostWaiting = 256 * 1024;

/** One reader of the live view: what it was sent, so that it is only told what changed. */
export class LiveStream {
  /** Services whose replicas it wants to see. */
  readonly open: ReadonlySet<string>;
  readonly #response: ServerResponse;
  #sent: LiveTexts | undefined;
  #sentReplicas = new Map<string, ReplicaTexts>();
  #isBehind = false;
  #roundsQuiet = 0;

  constructor(response: ServerResponse, open: Iterable<string>) {
    this.#response = response;
    this.open = new Set(open);
  }

  /** Tells the reader what is new to it; one that is behind gets everything once it has caught up. */
  show(
    texts: LiveTexts,
    replicasOf: (key: string) => ReplicaTexts,
    roundsToHeartbeat: number,
  ): void {
    if (this.#skips()) return;
    const events = [...this.#news(texts), ...this.#replicaNews(replicasOf)];
    this.#sent = texts;
    this.#roundsQuiet = events.length === 0 ? this.#roundsQuiet + 1 : 0;
    if (this.#roundsQuiet >= roundsToHeartbeat) {
      events.push(`event: heartbeat\ndata: {"now":${texts.now}}\n\n`);
      this.#roundsQuiet = 0;
    }
    if (events.length > 0) this.#response.write(events.join(""));
  }

  /** One that takes nothing at all is closed by the server's own timeout, as nothing is written to it meanwhile. */
  #skips(): boolean {
    this.#isBehind = this.#response.writableLength > (this.#isBehind ? 0 : mostWaiting);
    if (this.#isBehind) {
      // It gets everything anew rather than a backlog.
      this.#sent = undefined;
      this.#sentReplicas.clear();
    }
    return this.#isBehind;
  }

  #news(texts: LiveTexts): string[] {
    const news = liveChange(this.#sent, texts);
    if (news === undefined) return [];
    return [`event: ${this.#sent === undefined ? "full" : "change"}\ndata: ${news}\n\n`];
  }

  #replicaNews(replicasOf: (key: string) => ReplicaTexts): string[] {
    const events: string[] = [];
    for (const key of this.open) {
      const replicas = replicasOf(key);
      const news = replicasChange(key, this.#sentReplicas.get(key), replicas);
      this.#sentReplicas.set(key, replicas);
      if (news !== undefined) events.push(`event: replicas\ndata: ${news}\n\n`);
    }
    return events;
  }
}
