import assert from "node:assert/strict";
import { test } from "node:test";
import {
  SessionTable,
  type Evicting,
  type Tracked,
} from "../../../src/engine/udp/session-table.ts";
import type { SessionEnding } from "../../../src/model/outcome.ts";

class Entry implements Tracked<Entry> {
  readonly client: Tracked<Entry>["client"];
  seenAt = 0;
  older: Entry | undefined;
  newer: Entry | undefined;
  sibling: Entry | undefined;
  ended: SessionEnding | undefined;
  readonly #table: SessionTable<Entry>;

  constructor(table: SessionTable<Entry>, port: number, listener = 0) {
    this.#table = table;
    this.client = { listener, host: "10.0.0.1", port };
  }

  end(ending: SessionEnding): void {
    this.ended = ending;
    this.#table.remove(this, ending);
  }
}

interface Rig {
  readonly table: SessionTable<Entry>;
  /** Opens a session at a time; undefined when there is no place. */
  readonly open: (port: number, now: number, listener?: number) => Entry | undefined;
}

/** The process has so many places; `used` is shared by the rigs of a test. */
interface Process {
  readonly tables: Set<Evicting>;
  readonly limit: number;
  used: number;
}

function rig(limit: number, process: Process = { tables: new Set(), limit: 1000, used: 0 }): Rig {
  let used = 0;
  const table = new SessionTable<Entry>({
    tables: process.tables,
    protectedMs: 5000,
    places: {
      take() {
        if (used >= limit) return "service-full";
        if (process.used >= process.limit) return "process-full";
        used += 1;
        process.used += 1;
        return "taken";
      },
      give() {
        used -= 1;
        process.used -= 1;
      },
    },
  });
  return {
    table,
    open(port, now, listener) {
      if (!table.reserve(now)) return undefined;
      const entry = new Entry(table, port, listener);
      table.add(entry, now);
      return entry;
    },
  };
}

test("a session is found by its client and listener, and no longer once it has ended", () => {
  const { table, open } = rig(10);
  const one = open(1, 0);
  const other = open(1, 0, 1);
  assert.equal(table.find(0, "10.0.0.1", 1), one);
  assert.equal(table.find(1, "10.0.0.1", 1), other);
  assert.equal(table.find(0, "10.0.0.2", 1), undefined);
  one?.end("answered");
  assert.equal(table.find(0, "10.0.0.1", 1), undefined);
  assert.equal(table.size, 1);
});

test("sessions of one client hang together, whichever of them ends", () => {
  for (const ended of [0, 1, 2]) {
    const { table, open } = rig(10);
    const entries = [open(1, 0), open(1, 1), open(1, 2)];
    entries[ended]?.end("replica-lost");
    const left: (Entry | undefined)[] = [];
    let next = table.find(0, "10.0.0.1", 1);
    for (; next !== undefined; next = next.sibling) left.push(next);
    assert.deepEqual(
      left.toReversed(),
      entries.filter((_, index) => index !== ended),
    );
  }
});

test("those through which nothing went for the idle time end, in the order of their last datagram", () => {
  const { table, open } = rig(10);
  const [one, two, three] = [open(1, 0), open(2, 10), open(3, 20)];
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  table.touch(one, 30);
  table.touch(three, 40);
  assert.deepEqual([...table], [two, one, three]);
  table.endIdle(29);
  assert.deepEqual(
    [one, two, three].map(({ ended }) => ended),
    [undefined, "idle", undefined],
  );
  table.endIdle(100);
  assert.equal(table.size, 0);
});

test("a new session takes the place of the longest idle one, but of none active within five seconds", () => {
  const { open } = rig(2);
  const [first, second] = [open(1, 0), open(2, 3000)];
  assert.equal(open(3, 4999), undefined);
  assert.ok(open(3, 5000) !== undefined);
  assert.equal(first?.ended, "evicted");
  assert.equal(open(4, 7999), undefined);
  assert.ok(open(4, 8000) !== undefined);
  assert.equal(second?.ended, "evicted");
});

test("when the process is full, the longest idle session of all services goes", () => {
  const shared: Process = { tables: new Set(), limit: 3, used: 0 };
  const busy = rig(10, shared);
  const quiet = rig(10, shared);
  busy.open(1, 100);
  const oldest = quiet.open(1, 50);
  busy.open(2, 200);
  assert.equal(busy.open(3, 5000), undefined, "everyone was active just now");
  assert.ok(busy.open(3, 5050) !== undefined);
  assert.equal(oldest?.ended, "evicted");
  quiet.table.close("drained");
  assert.equal(shared.tables.size, 1);
  assert.equal(shared.used, 3);
});
