import type { Socket } from "node:net";
import type { Outcome } from "../../model/outcome.ts";
import { Relay } from "../tcp/relay.ts";
import type { HttpRoute } from "./http-route.ts";

export interface TunnelOptions {
  /** Both open and paused. */
  readonly client: Socket;
  readonly upstream: Socket;
  /** What each has already said in the new protocol. */
  readonly fromClient: Buffer;
  readonly fromUpstream: Buffer;
  readonly service: HttpRoute;
  readonly ended: (outcome: Outcome) => void;
}

/** After a change of protocol the two are connected as any TCP client and its replica are. */
export function openTunnel(options: TunnelOptions): Relay {
  const { client, upstream, fromClient, fromUpstream, service, ended } = options;
  const { limits, meter, heldFor } = service.host;
  if (fromClient.length > 0) upstream.write(fromClient);
  if (fromUpstream.length > 0) client.write(fromUpstream);
  const relay = new Relay(
    {
      client,
      upstream,
      limits,
      idleMs: service.route.policy.idleMs,
      meter,
      heldFor,
      // What both have said by now cannot be said again to another replica.
      user: { ended, wantsClientBack: false, givenBack: () => undefined },
    },
    performance.now(),
  );
  relay.keepAlive();
  return relay;
}
