import { noteAccess, type Ended } from "../access-note.ts";
import type { EngineRoute } from "../route.ts";
import type { ConnectionHost } from "./connection-host.ts";
import type { Relay } from "./relay.ts";

/** What a connection knows of itself when it ends. */
type Told = Pick<Ended, "frontend" | "replica" | "client" | "startedAt" | "outcome" | "retries"> & {
  readonly relay: Relay | undefined;
  readonly relayedSince: number;
};

/** Notes the end of a connection for the access log. */
export function noteConnection(
  { access, tally }: ConnectionHost,
  { key, row }: EngineRoute,
  { relay, relayedSince, ...told }: Told,
): void {
  if (access === undefined) return;
  const ended: Ended = {
    ...told,
    row,
    service: key,
    connectedAt: relay === undefined ? undefined : relayedSince,
    answeredAt: undefined,
    moved: { received: relay?.received ?? 0, sent: relay?.sent ?? 0 },
    request: undefined,
  };
  noteAccess(access, ended, tally);
}
