import assert from "node:assert/strict";
import { test } from "node:test";
import { Tally } from "../../../src/engine/tally.ts";
import { CounterMemory } from "../../../src/workers/counter-memory.ts";

function tallyOf(memory: CounterMemory, worker: number): Tally {
  const [services, replicas] = [memory.services[worker], memory.replicas[worker]];
  assert.ok(services !== undefined && replicas !== undefined);
  return new Tally({
    services: new Float64Array(services),
    replicas: new Float64Array(replicas),
    load: {
      services: new Int32Array(memory.load.services),
      replicas: new Int32Array(memory.load.replicas),
      waiting: new Int32Array(memory.load.waiting),
      process: new Int32Array(memory.load.process),
    },
  });
}

test("a dead worker's places are free again, and nobody waits in it any more", () => {
  const memory = new CounterMemory(2);
  memory.limit({ connections: 10, sessions: 10 });
  const [service, replica] = [memory.serviceRow("tcp/80"), memory.replicaRow("tcp/80", "r")];
  const [dead, alive] = [tallyOf(memory, 0), tallyOf(memory, 1)];
  for (const tally of [dead, dead, alive]) {
    tally.accepted(service, 10);
    tally.occupied(replica, 0);
    tally.waits(service, 1);
  }
  assert.equal(alive.waitingFor(service), 3);
  memory.bury(0);
  assert.equal(alive.processLoad, 1);
  assert.equal(alive.serviceLoad(service), 1);
  assert.equal(alive.loadOf(replica), 1);
  assert.equal(alive.waitingFor(service), 1);
  memory.bury(0);
  assert.equal(alive.waitingFor(service), 1, "once");
});
