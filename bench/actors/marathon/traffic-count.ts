import type { EmbeddedMarathon } from "../../../src/demo/marathon/marathon.ts";
import type { MarathonTraffic } from "../verbs.ts";

/** Counts what is asked of a Marathon, and the events of one stream of it that stays open. */
export class TrafficCount {
  readonly #marathon: EmbeddedMarathon;
  #events = new Map<string, number>();
  #since = 0;

  private constructor(marathon: EmbeddedMarathon) {
    this.#marathon = marathon;
  }

  static async start(marathon: EmbeddedMarathon): Promise<TrafficCount> {
    const count = new TrafficCount(marathon);
    const { body } = await fetch(`${marathon.urls[0]}/v2/events`, {
      headers: { accept: "text/event-stream" },
    });
    if (body === null) throw new Error("no event stream");
    void count.#read(body);
    return count;
  }

  get counts(): MarathonTraffic {
    const requests = new Map<string, number>();
    for (const { path, at } of this.#marathon.requests) {
      const kind = kindOf(path);
      if (at >= this.#since && kind !== "events") add(requests, kind);
    }
    return {
      requests: Object.fromEntries(requests),
      events: Object.fromEntries(this.#events),
    };
  }

  reset(): void {
    this.#since = Date.now();
    this.#events.clear();
  }

  async sizeOf(path: string): Promise<number> {
    const headers = { "accept-encoding": "identity" };
    const answer = await fetch(`${this.#marathon.urls[0]}${path}`, { headers });
    return (await answer.arrayBuffer()).byteLength;
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of body) {
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines)
        if (line.startsWith("event: ")) add(this.#events, line.slice("event: ".length));
    }
  }
}

/** What a path asks for. */
function kindOf(path: string): string {
  const [plain = ""] = path.split("?");
  if (plain === "/v2/apps") return "apps";
  if (/\/versions\//.test(plain)) return "versions";
  if (plain.startsWith("/v2/apps/")) return "app";
  return plain.replace("/v2/", "");
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
