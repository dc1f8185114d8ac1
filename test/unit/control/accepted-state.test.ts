import assert from "node:assert/strict";
import { test } from "node:test";
import { AcceptedState } from "../../../src/control/accepted-state.ts";
import type { Source, SourceState } from "../../../src/discovery/source.ts";
import type { Service } from "../../../src/model/service.ts";
import { replica, service } from "../../support/services.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const unasked: Source = {
  name: "one",
  async *run() {},
  status: () => {
    throw new Error("not asked here");
  },
  resync: () => undefined,
};

function accepting(guarded: boolean): AcceptedState {
  return new AcceptedState({ source: unasked, logger: silent, guarded });
}

function partly(...services: readonly Service[]): SourceState {
  return { services, problems: [], confirmedGone: new Set(), isPartial: true };
}

function wholly(...services: readonly Service[]): SourceState {
  return { services, problems: [], confirmedGone: new Set() };
}

function served({ services }: AcceptedState): string[] {
  return services.map(({ app, replicas }) => [app, ...replicas.map(({ task }) => task)].join(" "));
}

const web = service("/web", 1000, { replicas: [replica("10.0.0.1:80")] });
const slow = service("/slow", 2000, { replicas: [replica("10.0.0.2:80")] });
const awaited = service("/slow", 2000, { isAwaited: true });

for (const guarded of [true, false]) {
  const how = guarded ? "with" : "without";
  test(`${how} the guard, what is remembered is served until names have been asked for (L21)`, () => {
    const state = accepting(guarded);
    state.restore([web, slow], 1000);
    state.take(partly(web, awaited), 2000);
    assert.deepEqual(served(state), ["/web task-10.0.0.1:80", "/slow task-10.0.0.2:80"]);
    assert.deepEqual([state.isHeard, state.doubtful], [false, false]);
    assert.equal(state.problems[0]?.kind, "restored");
    state.take(wholly(web, slow), 3000);
    assert.deepEqual([state.isHeard, state.problems.length], [true, 0]);
  });
}

test("what gets its addresses piece by piece is served as it does", () => {
  const state = accepting(true);
  state.take(partly(web, awaited), 1000);
  assert.deepEqual(served(state), ["/web task-10.0.0.1:80", "/slow"]);
  state.take(partly(web, { ...slow, isAwaited: true }), 2000);
  assert.deepEqual(served(state), ["/web task-10.0.0.1:80", "/slow task-10.0.0.2:80"]);
  assert.equal(state.isHeard, false);
});
