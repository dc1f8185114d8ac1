import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { EventReader } from "../../src/console/top/event-reader.ts";
import { press, readKeys } from "../../src/console/top/keys.ts";
import { after, blank, type LiveEvent, type Picture } from "../../src/console/top/picture.ts";
import { fit, quantity } from "../../src/console/top/quantities.ts";
import { firstState, rowsOf, type TopState } from "../../src/console/top/state.ts";
import { linesInSight, snapshot, viewTop } from "../../src/console/top/view.ts";

const now = Date.parse("2026-11-20T10:00:00.000Z");

function service(port: number, more: object = {}): object {
  const listening = [`127.0.0.1:${port}`];
  const shape = { key: `tcp/${port}`, app: `/a/${port}`, mode: "tcp", source: "file" };
  return { ...shape, listening, up: 2, total: 2, out: "", ...more };
}

const full: LiveEvent = {
  type: "full",
  data: {
    now,
    head: { phase: "OK", version: "1.2.3", table: 7 },
    sources: [
      { name: "file", connected: true, lastSync: "2026-11-20T09:59:00.000Z", lastError: null },
    ],
    problems: {
      total: 1,
      first: [{ kind: "bind-failed", subject: "tcp/82", reason: "port taken" }],
    },
    services: [
      service(80),
      service(81, {
        app: "/shop",
        places: "10.0.0.2:1 agent-7",
        up: 1,
        out: "10.0.0.2:1 down: L4CON refused",
      }),
      service(82, { up: 0, listening: [] }),
    ],
    traffic: [
      ["tcp/80", 5, 1.5, 1000, 2000, 0, 99, 0],
      ["tcp/81", 7, 0, 0, 0, 1, 3, 12],
    ],
  },
};

const replicas: LiveEvent = {
  type: "replicas",
  data: {
    service: "tcp/81",
    gone: [],
    set: [
      {
        address: "10.0.0.2:1",
        state: "down",
        reason: "L4CON refused",
        weight: 500,
        since: now - 60_000,
        traffic: [0, 0, 0, 0, 1, 3, 12],
      },
      {
        address: "10.0.0.1:1",
        state: "up",
        reason: "L4OK",
        weight: 0,
        since: now - 60_000,
        traffic: [],
      },
    ],
  },
};

function pictureOf(...events: readonly LiveEvent[]): Picture {
  return events.reduce((picture, event) => after(picture, event), blank);
}

function stateOf(...events: readonly LiveEvent[]): TopState {
  return { ...firstState, isConnected: true, picture: pictureOf(full, ...events) };
}

function pressed(state: TopState, ...keys: readonly string[]): TopState {
  return keys.reduce((before, key) => {
    const next = press(before, key, 10);
    assert.ok(next !== "quit", key);
    return next;
  }, state);
}

const surface = { columns: 120, rows: 12, colour: false, where: "127.0.0.1:9090" };

suite("what is told is read", () => {
  test("a full view, changes of it, and what left", () => {
    const picture = pictureOf(full, {
      type: "change",
      data: {
        now: now + 1000,
        services: [service(83)],
        traffic: [["tcp/80", 6]],
        gone: ["tcp/82"],
      },
    });
    assert.deepEqual([...picture.services.keys()], ["tcp/80", "tcp/81", "tcp/83"]);
    assert.equal(picture.traffic.get("tcp/80")?.open, 6);
    assert.deepEqual([picture.now, picture.phase, picture.problemCount], [now + 1000, "OK", 1]);
    assert.deepEqual([...after(picture, full).services.keys()], ["tcp/80", "tcp/81", "tcp/82"]);
  });

  test("replicas come, change and go", () => {
    const gone = { type: "replicas", data: { service: "tcp/81", set: [], gone: ["10.0.0.1:1"] } };
    const known = pictureOf(full, replicas, gone).replicas.get("tcp/81");
    assert.deepEqual([...(known?.keys() ?? [])], ["10.0.0.2:1"]);
  });

  test("anything else does no harm, and nothing moves the cursor", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("full", "change", "replicas", "x"),
        fc.jsonValue(),
        (type, data) => {
          const state = { ...firstState, picture: pictureOf(full, { type, data }) };
          for (const line of viewTop(state, surface)) assert.ok(!line.includes("\u001B"));
        },
      ),
    );
    const evil = { type: "change", data: { services: [service(80, { app: "/a\u001B[2J" })] } };
    assert.ok(!snapshot(stateOf(evil), surface).join("").includes("\u001B"));
  });
});

suite("a stream of events", () => {
  const text =
    'event: full\ndata: {"a":"ä"}\n\n: a comment\n\nevent: change\ndata: {\ndata: "b":1}\n\n';
  const want = [
    { type: "full", data: { a: "ä" } },
    { type: "change", data: { b: 1 } },
  ];

  test("is read the same however its bytes are cut", () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
        const reader = new EventReader();
        const edges = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const read = edges
          .slice(1)
          .flatMap((end, index) => reader.read(bytes.subarray(edges[index], end)));
        assert.deepEqual(read, want);
      }),
    );
  });

  test("of another program is refused", () => {
    assert.throws(() => new EventReader().read(Buffer.from("data: <html>\n\n")), /no JSON/);
  });
});

suite("keys", () => {
  test("are read from what terminals send", () => {
    assert.deepEqual(readKeys("a\u001B[A\u001BOB\u001B[6~\r\u007F\u0003é\u001B"), [
      "a",
      "up",
      "down",
      "page-down",
      "enter",
      "backspace",
      "ctrl-c",
      "é",
      "escape",
    ]);
  });

  test("q and ctrl-c quit; q leaves a view first, and is a letter in the filter", () => {
    const state = stateOf();
    assert.equal(press(state, "q", 10), "quit");
    assert.equal(press({ ...state, view: "filter" }, "ctrl-c", 10), "quit");
    assert.equal(pressed(state, "?", "q").view, "services");
    assert.equal(pressed(state, "/", "q").filter, "q");
  });

  test("s goes through the columns and begins again, r turns the order", () => {
    const state = stateOf();
    const ports = (given: TopState): string[] => rowsOf(given).map(({ id }) => id.slice(4));
    assert.deepEqual(ports(state), ["80", "81", "82"]);
    assert.deepEqual(ports(pressed(state, "r")), ["82", "81", "80"]);
    assert.deepEqual(ports(pressed(state, "s")), ["80", "82", "81"], "by app");
    assert.deepEqual(ports(pressed(state, "s", "s")), ["82", "81", "80"], "the worst first");
    assert.deepEqual(ports(pressed(state, "s", "s", "s")), ["81", "80", "82"], "the busiest first");
    assert.equal(pressed(state, ..."sssssss").sort, "port");
  });

  test("/ filters while it is typed; enter keeps it, escape clears it", () => {
    const typed = pressed(stateOf(), "/", "s", "h", "x", "backspace");
    assert.deepEqual([typed.filter, typed.view], ["sh", "filter"]);
    assert.deepEqual(
      rowsOf(typed).map(({ id }) => id),
      ["tcp/81"],
    );
    assert.deepEqual(
      rowsOf(pressed(stateOf(), "/", ..."agent-7")).map(({ id }) => id),
      ["tcp/81"],
      "by the place of a replica",
    );
    assert.deepEqual(pressed(typed, "up", "enter"), { ...typed, view: "services" });
    assert.equal(pressed(typed, "escape").filter, "");
    assert.equal(pressed(typed, "enter", "escape").filter, "");
  });

  test("arrows move within the list, enter unfolds and folds", () => {
    const state = stateOf(replicas);
    assert.equal(pressed(state, "down").selected, "tcp/81");
    assert.equal(pressed(state, "up").selected, "tcp/80");
    assert.equal(pressed(state, "end", "down").selected, "tcp/82");
    const unfolded = pressed(state, "down", "enter");
    assert.deepEqual(
      rowsOf(unfolded).map(({ id }) => id),
      ["tcp/80", "tcp/81", "tcp/81 10.0.0.1:1", "tcp/81 10.0.0.2:1", "tcp/82"],
    );
    assert.deepEqual(pressed(unfolded, "right").unfolded, unfolded.unfolded);
    const folded = pressed(unfolded, "down", "down", "left");
    assert.deepEqual([folded.unfolded.size, folded.selected], [0, "tcp/81"]);
    assert.equal(pressed(folded, "left").unfolded, folded.unfolded);
  });

  test("nothing breaks in an empty list", () => {
    for (const key of ["up", "down", "enter", "left", "right", "end", "s", "r", "p", "?", "x"]) {
      pressed(firstState, key);
    }
  });
});

suite("the screen", () => {
  test("has as many lines as the terminal, none wider", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30, max: 300 }),
        fc.integer({ min: 6, max: 60 }),
        fc.constantFrom("services", "filter", "problems", "help"),
        (columns, rows, view) => {
          const state = { ...pressed(stateOf(replicas), "down", "enter"), view } as const;
          const lines = viewTop(state, { ...surface, columns, rows });
          assert.equal(lines.length, rows);
          for (const line of lines)
            assert.ok(Array.from(line).length <= columns + 10, `${columns}: ${line}`);
        },
      ),
    );
  });

  test("shows services with what is wrong, and unfolded their replicas with reasons", () => {
    const lines = viewTop(pressed(stateOf(replicas), "down", "enter"), surface);
    assert.match(
      lines[0] ?? "",
      /^portolan 1\.2\.3 at 127\.0\.0\.1:9090: OK, table 7, 3 services, 3\/6 replicas up, 12 open, 1 problems/,
    );
    assert.match(lines[1] ?? "", /^file read 1 min ago/);
    assert.match(lines[3] ?? "", /^ ▸ \/a\/80 .* tcp\/80 +2\/2 up +5 +1\.5 +1k +2k +0/);
    assert.match(lines[4] ?? "", /^›▾ \/shop .* 1\/2 up .* 12  10\.0\.0\.2:1 down: L4CON/);
    assert.match(lines[5] ?? "", /10\.0\.0\.1:1 .* up .* L4OK \(1 min\), weight 0/);
    assert.match(lines[6] ?? "", /10\.0\.0\.2:1 .* down .* L4CON refused \(1 min\)/);
    assert.match(lines[7] ?? "", /0\/2 up .* not listening/);
    assert.match(lines.at(-1) ?? "", /q quit .* \? help/);
  });

  test("says that the connection is gone, and that a filter finds nothing", () => {
    assert.match(
      viewTop({ ...stateOf(), isConnected: false }, surface)[0] ?? "",
      /no connection, trying again/,
    );
    const empty = pressed(stateOf(), "/", "z", "z");
    assert.match(viewTop(empty, surface).join("\n"), /no service matches "zz"/);
    assert.match(
      viewTop(pressed(stateOf(), "p"), surface).join("\n"),
      /bind-failed tcp\/82: port taken/,
    );
    assert.match(viewTop(pressed(stateOf(), "?"), surface).join("\n"), /reverse the order/);
  });

  test("keeps the selected line in sight", () => {
    const many = Array.from({ length: 100 }, (_, index) => service(1000 + index));
    const state = stateOf({ type: "change", data: { services: many } });
    for (const key of ["end", "home", "page-down"]) {
      assert.ok(
        viewTop(pressed(state, key), surface).some((line) => line.startsWith("›")),
        key,
      );
    }
    assert.equal(linesInSight({ rows: 2 }), 1);
  });

  test("is coloured only where colours are wanted", () => {
    assert.ok(
      viewTop(stateOf(), { ...surface, colour: true })
        .join("")
        .includes("\u001B[31m"),
    );
    assert.ok(!viewTop(stateOf(), surface).join("").includes("\u001B"));
  });
});

test("numbers and texts fit their columns", () => {
  assert.deepEqual([0, 7.5, 999.6, 12_345, 5e6].map(quantity), ["0", "7.5", "1.0k", "12.3k", "5M"]);
  assert.deepEqual(
    [fit("abc", 5), fit("abc", 5, true), fit("abcdef", 4)],
    ["abc  ", "  abc", "abc…"],
  );
});
