import type { EngineReplica } from "../route.ts";
import type { HttpRoute } from "./http-route.ts";
import type { Upstream } from "./upstream.ts";

interface Kept {
  readonly service: HttpRoute;
  readonly replica: EngineReplica;
  readonly upstream: Upstream;
}

/** The idle connection to a replica that belongs to one client, since it has logged in there: it is nobody else's, and ends with it. */
export class OwnUpstream {
  #kept: Kept | undefined;

  /** The key of the replica on which the client is logged in, or about to be. */
  keyIn(service: HttpRoute): string | undefined {
    return this.#kept?.service === service ? this.#kept.replica.key : undefined;
  }

  /** The client's connection to this replica, if it has one. One to another replica of the service is of no use any more. */
  take(service: HttpRoute, { key, task }: EngineReplica): Upstream | undefined {
    const kept = this.#kept;
    if (kept?.service !== service) return undefined;
    this.#kept = undefined;
    const { replica, upstream } = kept;
    if (upstream.isOpen && replica.key === key && replica.task === task) return upstream;
    upstream.destroy();
    return undefined;
  }

  keep(service: HttpRoute, replica: EngineReplica, upstream: Upstream): void {
    this.close();
    this.#kept = { service, replica, upstream };
  }

  /** The client has gone. */
  close(): void {
    this.#kept?.upstream.destroy();
    this.#kept = undefined;
  }
}
