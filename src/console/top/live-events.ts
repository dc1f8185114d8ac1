import { request } from "node:http";
import { once } from "node:events";
import { formatAddress, type Address } from "../../model/address.ts";
import { explain, reachable } from "../ask.ts";
import { EventReader } from "./event-reader.ts";
import type { LiveEvent } from "./picture.ts";

/** The server speaks at least every 15 s; longer silence is a connection that nobody ended. */
const silenceMs = 40_000;

/** The events of `/api/live` with the replicas of these services; ends when the stream does, rejects with a sentence. */
export async function* liveEvents(
  endpoint: Address,
  open: Iterable<string>,
  signal: AbortSignal,
): AsyncGenerator<LiveEvent, void, void> {
  const { host, port } = reachable(endpoint);
  const query = new URLSearchParams([...open].map((key) => ["open", key]));
  const path = `/api/live?${query.toString()}`;
  const asking = request({ host, port, path, agent: false, signal, timeout: silenceMs });
  asking.on("timeout", () => {
    asking.destroy(new Error("it fell silent"));
  });
  // What goes wrong once the answer has begun is told by the answer, too.
  asking.on("error", () => undefined);
  asking.end();
  try {
    const [response] = await once(asking, "response");
    if (response.statusCode !== 200)
      throw new Error(`it answers with status ${response.statusCode}`);
    const reader = new EventReader();
    for await (const chunk of response) yield* reader.read(chunk);
  } catch (error) {
    if (signal.aborted) return;
    const where = formatAddress({ host, port });
    const told = error instanceof Error ? error : new Error(String(error));
    throw new Error(explain(where, told), { cause: error });
  } finally {
    asking.destroy();
  }
}
