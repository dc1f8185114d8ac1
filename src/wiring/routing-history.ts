import { RoutingChanges } from "../admin/live-changes.ts";
import { Transitions } from "../control/transitions.ts";
import type { RoutingHistory } from "./status-port.ts";

/** The history before the first table. */
export function emptyHistory(): RoutingHistory {
  return {
    changes: new RoutingChanges(),
    transitions: new Transitions(),
    counts: new Map([
      ["added", 0],
      ["changed", 0],
      ["removed", 0],
    ]),
  };
}
