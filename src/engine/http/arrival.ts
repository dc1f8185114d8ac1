import type { Socket } from "node:net";
import { plainHost } from "../../model/address.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { Endpoints } from "../proxy-protocol/header.ts";
import type { EngineRoute } from "../route.ts";
import type { PortHost } from "../tcp/connection-host.ts";
import { readPreface } from "../tcp/preface.ts";

export interface ArrivalOptions {
  readonly host: PortHost;
  /** Of the port it came to. */
  readonly route: EngineRoute;
  /** Both ends, where they are known already. */
  readonly ends: Endpoints | undefined;
  /** Both ends of the client's own connection. */
  readonly arrived: (ends: Endpoints) => void;
  readonly turnedAway: (outcome: Outcome) => void;
}

/** Finds out whose connection a paused socket is; its own first bytes stay unread. */
export function arrive(client: Socket, options: ArrivalOptions): void {
  const { host, route, ends, arrived, turnedAway } = options;
  const { port, policy } = route;
  // Who has reset already has no address any more: nobody can say whether it may enter, or tell a replica of it.
  const enter = (known: Endpoints): void => {
    if (known.source.host === "") turnedAway("client-gone");
    else arrived(known);
  };
  if (ends !== undefined || !policy.acceptProxy) {
    enter(ends ?? endsOf(client, port));
    return;
  }
  if (!host.trusts(client.remoteAddress ?? "")) {
    turnedAway("denied");
    return;
  }
  readPreface(client, {
    timeoutMs: host.limits.headerTimeoutMs,
    done: (header) => {
      if (header === undefined) turnedAway("proxy-header");
      else enter(header.kind === "proxied" ? header : endsOf(client, port));
    },
  });
}

function endsOf(client: Socket, port: number): Endpoints {
  const source = { host: plainHost(client.remoteAddress ?? ""), port: client.remotePort ?? 0 };
  const destination = {
    // Seldom asked for, and a system call.
    get host(): string {
      return plainHost(client.localAddress ?? "");
    },
    port,
  };
  return { source, destination };
}
