import { setTimeout as wait } from "node:timers/promises";
import type { Address } from "../../../src/model/address.ts";
import { encodeFrame } from "../../support/frames.ts";
import { monotonicMs } from "../../support/monotonic.ts";
import type { ProbeOrder } from "../verbs.ts";
import { Client } from "./client.ts";

const request = encodeFrame(64, 64);
/** Between two attempts; also how exactly the moment is known. */
const pauseMs = 1;
const attemptMs = 2000;

/** Opens one connection after another until one is answered by the wanted replica, or, for null, by none. */
export async function probe({
  target,
  wanted,
  withinMs,
}: ProbeOrder): Promise<{ atMs: number; attempts: number }> {
  const deadline = monotonicMs() + withinMs;
  for (let attempts = 1; ; attempts += 1) {
    const replica = await ask(target);
    const atMs = monotonicMs();
    if (replica === wanted) return { atMs, attempts };
    if (atMs > deadline)
      throw new Error(`replica ${wanted} was awaited for ${withinMs} ms, ${replica} answers`);
    await wait(pauseMs);
  }
}

/** The number of the replica that answers a new connection; null when none does. */
function ask(target: Address): Promise<number | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.destroy(), attemptMs);
    const settle = (replica: number | null): void => {
      clearTimeout(timer);
      resolve(replica);
      client.destroy();
    };
    const client = new Client({
      target,
      answered: ({ word }) => settle(word),
      closed: () => settle(null),
    });
    client.send(request);
  });
}
