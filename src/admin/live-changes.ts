import { printable } from "../model/problem.ts";
import { describeChanges } from "../routing/describe.ts";
import type { RouteChange } from "../routing/diff.ts";
import type { Table } from "../routing/table.ts";
import type { RoutingChange } from "./live-document.ts";

const mostKept = 50;
const longestLine = 240;

/** The last tables that were published and what each changed; older ones are forgotten. */
export class RoutingChanges {
  #newest: readonly RoutingChange[] = [];

  /** The newest first. */
  get newest(): readonly RoutingChange[] {
    return this.#newest;
  }

  /** Remembers a table that changed routes; one that only has other problems is none of these. */
  note({ version, updatedAt }: Table, changes: readonly RouteChange[]): void {
    if (changes.length === 0) return;
    const count = changes.length === 1 ? "" : `${changes.length} services: `;
    const line = printable(`${count}${describeChanges(changes)}`, longestLine);
    this.#newest = [{ version, at: updatedAt, line }, ...this.#newest].slice(0, mostKept);
  }
}
