import type { RouteChange } from "../routing/diff.ts";
import type { Table } from "../routing/table.ts";
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

/** Takes note of what this table has changed. */
export function noteChanges(
  { counts, transitions, changes: newest }: RoutingHistory,
  table: Table,
  changes: readonly RouteChange[],
): void {
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  transitions.note(changes);
  newest.note(table, changes);
}
