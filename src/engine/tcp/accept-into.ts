import { channel } from "node:diagnostics_channel";
import { Socket, type Server } from "node:net";
import type { Intake } from "./intake.ts";

/** What Node calls for each connection that it has accepted: an error code, 0 for none, and the connection's handle. */
type OnConnection = (this: unknown, status: number, handle: unknown) => void;

/** Where Node tells of the connections that it makes itself. */
const told = channel("net.server.socket");

/**
 * Has a listening server read what it accepts into our own memory, as `net.connect` can and `net.createServer` cannot:
 * uploads cost a quarter less. There is no public way, so what is found is tried with care: where the server has
 * no such callback or a socket does not take the handle, connections are made by Node and read by events, as they are
 * for which there is no intake.
 */
export function acceptInto(
  server: Server,
  intake: () => Intake | undefined,
  accepted: (client: Socket, intake: Intake) => void,
): void {
  const listening: unknown = Reflect.get(server, "_handle");
  if (typeof listening !== "object" || listening === null) return;
  const usual: unknown = Reflect.get(listening, "onconnection");
  if (!isOnConnection(usual)) return;
  const take: OnConnection = (status, handle) => {
    const reader = status === 0 ? intake() : undefined;
    const client = reader === undefined ? undefined : socketOf(handle, reader);
    if (client === undefined || reader === undefined) {
      usual.call(listening, status, handle);
      return;
    }
    accepted(client, reader);
    if (told.hasSubscribers) told.publish({ socket: client });
  };
  Reflect.set(listening, "onconnection", take);
}

function isOnConnection(value: unknown): value is OnConnection {
  return typeof value === "function";
}

/** What a server makes of each connection itself, but for `onread` [node: lib/net.js `onconnection`]. */
function socketOf(handle: unknown, onread: Intake): Socket | undefined {
  const how = { handle, onread, allowHalfOpen: true, pauseOnCreate: true };
  const client: unknown = Reflect.construct(Socket, [how]);
  // Without a connection: the handle was not taken.
  if (!(client instanceof Socket) || client.pending) return undefined;
  client.setNoDelay(true);
  return client;
}
