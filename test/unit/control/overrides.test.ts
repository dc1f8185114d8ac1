import assert from "node:assert/strict";
import { test } from "node:test";
import { Overrides } from "../../../src/control/overrides.ts";
import type { Service } from "../../../src/model/service.ts";
import { replica, service } from "../../support/services.ts";

const services = [
  service("/a", 1, { replicas: [replica("10.0.0.1:80"), replica("10.0.0.2:80")] }),
  service("/b", 2, { replicas: [replica("10.0.0.3:80")] }),
];

function told(list: readonly Service[]): string[] {
  return list.flatMap(({ replicas }) =>
    replicas.map(({ address, weight, draining }) => {
      return `${address.host} ${weight}${draining ? " draining" : ""}`;
    }),
  );
}

test("a drained or weighed replica is so everywhere, and nothing else changes", () => {
  const overrides = new Overrides();
  assert.equal(overrides.apply(services), services);
  assert.equal(overrides.set("10.0.0.1:80", { kind: "drain" }, services), true);
  assert.equal(overrides.set("10.0.0.3:80", { kind: "weight", weight: 0 }, services), true);
  assert.deepEqual(told(overrides.apply(services)), [
    "10.0.0.1 500 draining",
    "10.0.0.2 500",
    "10.0.0.3 0",
  ]);
  overrides.set("10.0.0.3:80", undefined, services);
  assert.equal(overrides.apply(services)[1], services[1]);
});

test("what nobody has cannot be changed", () => {
  assert.equal(new Overrides().set("10.0.0.9:80", { kind: "drain" }, services), false);
});

test("another task on the same address is not meant, and what is gone is forgotten", () => {
  const overrides = new Overrides();
  overrides.set("10.0.0.1:80", { kind: "drain" }, services);
  const other = [service("/a", 1, { replicas: [replica("10.0.0.1:80", { task: "new" })] })];
  assert.deepEqual(told(overrides.apply(other)), ["10.0.0.1 500"]);
  assert.deepEqual(told(overrides.apply(services)), [
    "10.0.0.1 500",
    "10.0.0.2 500",
    "10.0.0.3 500",
  ]);
});
