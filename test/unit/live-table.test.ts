import assert from "node:assert/strict";
import { test } from "node:test";
import { renderLiveTable } from "../../src/demo/live-table.ts";
import {
  replicaColumns,
  replicaRow,
  serviceColumns,
  serviceRow,
} from "../../src/model/counters.ts";
import type { ServiceFigures } from "../../src/model/figures.ts";

function figures(accepted: number): ServiceFigures {
  const cells = new Float64Array(serviceRow);
  cells[serviceColumns.accepted] = accepted;
  cells[serviceColumns.active] = 3;
  const replicaCells = new Float64Array(replicaRow);
  replicaCells[replicaColumns.active] = 3;
  const replica = {
    replica: "10.0.0.1:80",
    state: "up",
    weight: 500,
    since: 0,
    cells: replicaCells,
  } as const;
  return {
    service: "web:80",
    protocol: "tcp",
    mode: "tcp",
    cells,
    limit: 1,
    listeners: [],
    replicas: [replica, { ...replica, replica: "10.0.0.2:80", state: "draining" }],
  };
}

test("services, replicas, states, open connections and connections per second", () => {
  const first = renderLiveTable({
    services: [figures(10)],
    before: undefined,
    now: 0,
    colour: false,
  });
  assert.deepEqual(first.lines, [
    "SERVICE / REPLICA             STATE             OPEN  CONN/S",
    "web:80                        1 of 2 up            3       -",
    "  10.0.0.1:80                 up                   3",
    "  10.0.0.2:80                 draining             3",
  ]);
  const second = renderLiveTable({
    services: [figures(15)],
    before: first.reading,
    now: 2000,
    colour: false,
  });
  assert.match(second.lines[1] ?? "", / 2\.5$/);
  const colourful = renderLiveTable({
    services: [figures(15)],
    before: undefined,
    now: 0,
    colour: true,
  });
  assert.ok(colourful.lines[2]?.includes("\u001B[32mup"));
});
