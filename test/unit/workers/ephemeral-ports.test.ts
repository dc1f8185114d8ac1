import assert from "node:assert/strict";
import { test } from "node:test";
import { EphemeralPorts } from "../../../src/workers/ephemeral-ports.ts";

const range = "32768\t60999";

test("ports that the kernel lends are those of its range without the reserved ones", () => {
  const ports = new EphemeralPorts({ range, reserved: "40000-40010,50000" });
  const lent = [32_767, 32_768, 39_999, 40_000, 40_010, 40_011, 50_000, 60_999, 61_000];
  assert.deepEqual(
    lent.filter((port) => ports.has(port)),
    [32_768, 39_999, 40_011, 60_999],
  );
});

test("a warning names a few of them in order and says how many more there are", () => {
  const ports = new EphemeralPorts({ range, reserved: "" });
  assert.equal(ports.warning([80, 10_000]), undefined);
  assert.equal(ports.warning([40_001, 80, 40_000, 40_001])?.ports, "40000, 40001");
  const many = Array.from({ length: 300 }, (_, index) => 40_000 + index);
  const warning = ports.warning(many);
  assert.equal(warning?.ports, "40000, 40001, 40002, 40003, 40004 and 295 more");
  assert.match(warning.advice, /net\.ipv4\.ip_local_reserved_ports/);
});

test("a kernel that says nothing, or something else, lends none", () => {
  for (const odd of ["", "all", "1 2 3", "-5"])
    assert.equal(new EphemeralPorts({ range: odd, reserved: odd }).has(40_000), false, odd);
});

test("the kernel of this host says which", () => {
  const ports = EphemeralPorts.read();
  assert.equal(ports.has(80), false);
});
