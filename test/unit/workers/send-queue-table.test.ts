import assert from "node:assert/strict";
import { test } from "node:test";
import { SendQueueTable } from "../../../src/workers/send-queue-table.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
const rest = "00000000 01:00000015 00000000     0        0 7013 2 0000000000000000";

test("a line that has bytes on their way is found by both ends, and others hold nothing", () => {
  const text = [
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:",
    "   1: 0100007F:1F90 0100007F:C350 01 0000000F:",
    "12345: 0100007F:1F90 0100007F:C351 01 00010000:",
    "12346: 0100007F:1F90 0100007F:C352 01 00000000:",
  ];
  const table = new SendQueueTable(
    Buffer.from(head + text.map((it) => `${it}${rest}\n`).join("")),
    8,
  );
  assert.equal(table.heldBetween("0100007F:1F90 0100007F:C350"), 15);
  assert.equal(table.heldBetween("0100007F:1F90 0100007F:C351"), 65_536);
  assert.equal(table.heldBetween("0100007F:1F90 0100007F:C352"), 0);
  assert.ok(table.hasPorts(8080, 50_000));
  assert.ok(!table.hasPorts(8080, 50_002));
});

test("the table of IPv6 is read as well, and what is cut off is left out", () => {
  const loopback = "00000000000000000000000001000000";
  const line = `   1: ${loopback}:1F90 ${loopback}:C350 01 0000000F:${rest}\n`;
  const cut = `   2: ${loopback}:1F90 ${loopback}:C351 01 00`;
  const table = new SendQueueTable(Buffer.from(head + line + cut), 32);
  assert.equal(table.heldBetween(`${loopback}:1F90 ${loopback}:C350`), 15);
  assert.ok(!table.hasPorts(8080, 50_001));
  for (const text of ["", head, "no table at all"]) {
    assert.ok(!new SendQueueTable(Buffer.from(text), 8).hasPorts(8080, 50_000));
  }
});
