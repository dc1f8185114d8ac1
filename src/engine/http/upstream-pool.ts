import type { EngineReplica } from "../route.ts";
import type { Upstream } from "./upstream.ts";

/** A replica closes an idle connection after five seconds or later [node: server.keepAliveTimeout]; we do before. */
const defaultIdleMs = 4000;
const longestIdleMs = 60_000;
/** What a replica says of itself is shortened by this, in ms, for the time a request takes to get there. */
const hintMarginMs = 1000;
const mostPerReplica = 128;

/** Those to one replica, the one used last at the end. */
interface Idle {
  readonly upstreams: Upstream[];
  /** Takes out one that has ended. */
  readonly forget: (upstream: Upstream) => void;
}

/** Open connections to the replicas of one service that nobody uses now. */
export class UpstreamPool {
  readonly #idle = new Map<string, Idle>();
  #isClosed = false;

  /** The one used last that has idled for no longer than `mostIdleMs`, or undefined. */
  take(replica: EngineReplica, mostIdleMs: number, now: number): Upstream | undefined {
    const upstreams = this.#idle.get(keyOf(replica))?.upstreams;
    for (let one = upstreams?.at(-1); one !== undefined; one = upstreams?.at(-1)) {
      const age = now - one.idleSince;
      const isUsable = one.isOpen && age <= one.idleMs;
      if (isUsable && age > mostIdleMs) return undefined;
      upstreams?.pop();
      one.endedIdle = undefined;
      if (isUsable) return one;
      one.destroy();
    }
    return undefined;
  }

  /** Keeps a connection that carried a whole request and its whole answer; `hintMs` is what the replica says of it. */
  put(replica: EngineReplica, upstream: Upstream, hintMs: number | undefined): void {
    const idleMs = hintMs === undefined ? defaultIdleMs : hintMs - hintMarginMs;
    const key = keyOf(replica);
    const idle = this.#idle.get(key) ?? this.#open(key);
    const hasRoom = !this.#isClosed && idle.upstreams.length < mostPerReplica;
    if (idleMs <= 0 || !hasRoom || !upstream.isOpen) {
      upstream.destroy();
      return;
    }
    upstream.idleSince = performance.now();
    upstream.idleMs = Math.min(idleMs, longestIdleMs);
    upstream.endedIdle = idle.forget;
    idle.upstreams.push(upstream);
    this.#idle.set(key, idle);
  }

  /** Ends those that have idled too long; `now` in ms. */
  check(now: number): void {
    for (const { upstreams } of this.#idle.values()) {
      for (const upstream of upstreams.filter((one) => now - one.idleSince > one.idleMs)) {
        upstream.destroy();
      }
    }
  }

  /** Ends those to replicas that are none of these. */
  keepOnly(replicas: readonly EngineReplica[]): void {
    const keys = new Set(replicas.map((replica) => keyOf(replica)));
    for (const [key, { upstreams }] of this.#idle) {
      if (keys.has(key)) continue;
      this.#idle.delete(key);
      for (const upstream of upstreams) upstream.destroy();
    }
  }

  /** Ends all of them, and keeps none from now on. */
  close(): void {
    this.#isClosed = true;
    this.keepOnly([]);
  }

  /** One function for all of them: one for each would be an object more for each request. */
  #open(key: string): Idle {
    const upstreams: Upstream[] = [];
    const forget = (upstream: Upstream): void => {
      const at = upstreams.indexOf(upstream);
      if (at >= 0) upstreams.splice(at, 1);
      if (upstreams.length === 0 && this.#idle.get(key)?.upstreams === upstreams) {
        this.#idle.delete(key);
      }
    };
    return { upstreams, forget };
  }
}

/** A text that is made anew for each request would have to be hashed for each as well. */
const keys = new WeakMap<EngineReplica, string>();

/** Another task on the same address is another replica: what was opened to the first one is of no use. */
function keyOf(replica: EngineReplica): string {
  const known = keys.get(replica);
  if (known !== undefined) return known;
  const key = `${replica.key} ${replica.task}`;
  keys.set(replica, key);
  return key;
}
