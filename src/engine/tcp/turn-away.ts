import type { Socket } from "node:net";
import type { Tally } from "../tally.ts";
import { ignore } from "./ignore.ts";
import { reset } from "./reset.ts";

/** Resets a client that has been counted as accepted on a row that had no room for it. */
export function turnAway(client: Socket, tally: Tally, row: number): void {
  // Its own reset is no news: the connection ends here either way.
  client.on("error", ignore);
  reset(client);
  tally.closed(row, "connection-limit", 0);
}
