import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { MarathonEvent } from "../../../../src/discovery/marathon/events.ts";
import { Overlay } from "../../../../src/discovery/marathon/overlay.ts";
import { parseApps, type WireApp } from "../../../../src/discovery/marathon/wire.ts";

const happenedAt = Date.parse("2020-01-01T12:00:00.000Z");
const before = "2020-01-01T11:00:00.000Z";
const after = "2020-01-01T13:00:00.000Z";
const minute = 60_000;

interface TaskFields {
  readonly id: string;
  readonly state?: string;
  readonly startedAt?: string;
}

function app(id: string, tasks: readonly TaskFields[], version: string = before): WireApp {
  const full = tasks.map((task) => ({ state: "TASK_RUNNING", startedAt: before, ...task }));
  const [parsed] = parseApps({ apps: [{ id, version, tasks: full }] })?.apps ?? [];
  assert.ok(parsed);
  return parsed;
}

function ended(task: string): MarathonEvent {
  return { kind: "task", state: "ended", task, instance: undefined, at: happenedAt };
}

function killing(task: string): MarathonEvent {
  return { kind: "task", state: "killing", task, instance: undefined, at: happenedAt };
}

function instanceEnded(instance: string): MarathonEvent {
  return { kind: "task", state: "ended", task: undefined, instance, at: happenedAt };
}

const gone: MarathonEvent = { kind: "app-gone", app: "/a", at: happenedAt };

/** `/a t1 t2*`: an asterisk marks a task that is being killed. */
function shown(overlay: Overlay): readonly string[] {
  return overlay
    .view()
    .map(({ id, tasks }) =>
      [
        id,
        ...(tasks ?? []).map((task) => (task.state === "TASK_KILLING" ? `${task.id}*` : task.id)),
      ].join(" "),
    );
}

const two = [app("/a", [{ id: "t1" }, { id: "t2" }]), app("/b", [{ id: "u1" }])];

function listedAt(begunAt: number, apps: readonly WireApp[] = two): Overlay {
  const overlay = new Overlay();
  overlay.settle(apps, begunAt, begunAt + 1);
  return overlay;
}

suite("a task that an event says has ended", () => {
  test("is left out at once, and reported gone", () => {
    const overlay = listedAt(0);
    assert.equal(overlay.note(ended("t1"), 10), true);
    assert.deepEqual(shown(overlay), ["/a t2", "/b u1"]);
    assert.deepEqual([...overlay.gone(10)], ["t1"]);
  });

  test("leaves the apps it does not concern the same objects", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    assert.equal(overlay.view()[1], two[1]);
  });

  test("is not brought back by a list begun before the event, nor by a stale one begun after it", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    for (const begunAt of [5, 20, 10_000]) {
      overlay.settle(two, begunAt, begunAt + 1);
      assert.deepEqual(shown(overlay), ["/a t2", "/b u1"], `${begunAt}`);
    }
  });

  test("is believed to be alive by a list asked for much later, since events may be wrong or late", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    overlay.settle(two, 10_011, 10_012);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u1"]);
    assert.equal(overlay.gone(10_012).size, 0);
  });

  test("is let go once a later list has it no more, and believed if listed again", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    overlay.settle([app("/a", [{ id: "t2" }])], 20, 21);
    overlay.settle(two, 30, 31);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u1"]);
  });

  test("is let go after ten minutes", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    overlay.settle(two, 11 * minute, 11 * minute);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u1"]);
    assert.equal(overlay.gone(11 * minute).size, 0);
  });

  test("is back when it was started after the event", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    overlay.settle([app("/a", [{ id: "t1", startedAt: after }])], 20, 21);
    assert.deepEqual(shown(overlay), ["/a t1"]);
    assert.equal(overlay.gone(21).size, 0);
  });

  test("need not be known yet: a list under way may have it", () => {
    const overlay = new Overlay();
    overlay.note(ended("t1"), 10);
    overlay.settle(two, 5, 20);
    assert.deepEqual(shown(overlay), ["/a t2", "/b u1"]);
  });
});

suite("a task that is being killed", () => {
  test("drains until a later list says the same or has it no more", () => {
    const overlay = listedAt(0);
    overlay.note(killing("t1"), 10);
    assert.deepEqual(shown(overlay), ["/a t1* t2", "/b u1"]);
    overlay.settle(two, 20, 21);
    assert.deepEqual(shown(overlay), ["/a t1* t2", "/b u1"]);
    overlay.settle([app("/a", [{ id: "t1", state: "TASK_KILLING" }])], 30, 31);
    overlay.settle(two, 40, 41);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u1"]);
  });

  test("is not reported gone", () => {
    const overlay = listedAt(0);
    overlay.note(killing("t1"), 10);
    assert.equal(overlay.gone(10).size, 0);
  });

  test("stays ended when the events come in the wrong order", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 10);
    overlay.note(killing("t1"), 11);
    assert.deepEqual(shown(overlay), ["/a t2", "/b u1"]);
  });
});

suite("an event about an instance", () => {
  const first = "x.instance-1._app.1";
  const second = "x.instance-1._app.2";

  test("is tied to the task that is known", () => {
    const overlay = listedAt(0, [app("/x", [{ id: first }, { id: "x.instance-2._app.1" }])]);
    overlay.note(instanceEnded("x.instance-1"), 10);
    assert.deepEqual(shown(overlay), ["/x x.instance-2._app.1"]);
    assert.deepEqual([...overlay.gone(10)], [first]);
  });

  test("is tied to a task of before 1.8", () => {
    const overlay = listedAt(0, [app("/x", [{ id: "x.aaa-bbb" }])]);
    overlay.note(instanceEnded("x.marathon-aaa-bbb"), 10);
    assert.deepEqual(shown(overlay), ["/x"]);
  });

  test("never hits the next incarnation", () => {
    const overlay = listedAt(0, [app("/x", [{ id: first }])]);
    overlay.note(instanceEnded("x.instance-1"), 10);
    overlay.settle([app("/x", [{ id: second }])], 20, 21);
    assert.deepEqual(shown(overlay), [`/x ${second}`]);
  });

  test("is tied to a task that only a list under way will show", () => {
    const overlay = new Overlay();
    assert.equal(overlay.note(instanceEnded("x.instance-1"), 10), false);
    overlay.settle([app("/x", [{ id: first }])], 5, 20);
    assert.deepEqual(shown(overlay), ["/x"]);
  });
});

suite("an app that an event says is gone", () => {
  test("is left out until a later list agrees", () => {
    const overlay = listedAt(0);
    overlay.note(gone, 10);
    assert.deepEqual(shown(overlay), ["/b u1"]);
    overlay.settle(two, 20, 21);
    assert.deepEqual(shown(overlay), ["/b u1"], "a stale list does not bring it back");
    assert.deepEqual([...overlay.gone(21)], ["/a"]);
    overlay.settle(two.slice(1), 30, 31);
    overlay.settle(two, 40, 41);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u1"]);
  });

  const backs: readonly {
    readonly name: string;
    readonly event: MarathonEvent;
    readonly isBack: boolean;
  }[] = [
    { name: "posted", event: { kind: "app-back", app: "/a" }, isBack: true },
    { name: "changed with its group", event: { kind: "group-changed", group: "/" }, isBack: true },
    {
      name: "not part of the group that changed",
      event: { kind: "group-changed", group: "/b" },
      isBack: false,
    },
    { name: "not the app that was posted", event: { kind: "app-back", app: "/b" }, isBack: false },
  ];
  for (const { name, event, isBack } of backs) {
    test(`${name}: ${isBack ? "is believed when a list begun after that has it" : "stays gone"}`, () => {
      const overlay = listedAt(0);
      overlay.note(gone, 10);
      overlay.note(event, 20);
      overlay.settle(two, 15, 21);
      assert.deepEqual(shown(overlay), ["/b u1"], "the list was begun before it came back");
      overlay.settle(two, 30, 31);
      assert.deepEqual(shown(overlay), isBack ? ["/a t1 t2", "/b u1"] : ["/b u1"]);
      assert.equal(overlay.gone(31).has("/a"), !isBack);
    });
  }

  test("is back when it was configured after the event", () => {
    const overlay = listedAt(0);
    overlay.note(gone, 10);
    overlay.settle([app("/a", [], after)], 20, 21);
    assert.deepEqual(shown(overlay), ["/a"]);
  });
});

suite("what is reported gone", () => {
  test("includes tasks that are listed as ended", () => {
    const overlay = listedAt(0, [app("/a", [{ id: "t1", state: "TASK_FAILED" }])]);
    assert.deepEqual([...overlay.gone(1)], ["t1"]);
  });

  test("is bounded in number, the oldest going first", () => {
    const overlay = new Overlay();
    for (let index = 0; index < 50_010; index += 1) overlay.note(ended(`t${index}`), index / 1000);
    const ids = overlay.gone(60);
    assert.equal(ids.size, 50_000);
    assert.ok(!ids.has("t9") && ids.has("t10") && ids.has("t50009"));
  });
});

suite("some apps read apart from the list", () => {
  test("take the place of what the list had of them, the others stay the same objects", () => {
    const overlay = listedAt(0);
    overlay.settleSome([app("/b", [{ id: "u2" }])], 10, 11);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u2"]);
    assert.equal(overlay.listed[0], two[0]);
  });

  test("that are not in the list are not put into it", () => {
    const overlay = listedAt(0);
    overlay.settleSome([app("/c", [])], 10, 11);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b u1"]);
  });

  test("confirm what events said of their tasks, and of no other's", () => {
    const overlay = listedAt(0);
    overlay.note(killing("t1"), 5);
    overlay.note(ended("u1"), 5);
    overlay.settleSome([app("/a", [{ id: "t1", state: "TASK_KILLING" }, { id: "t2" }])], 10, 11);
    overlay.settleSome([app("/a", [{ id: "t1" }, { id: "t2" }])], 20, 21);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b"]);
  });

  test("long after an event take it back for their own tasks alone", () => {
    const overlay = listedAt(0);
    overlay.note(ended("t1"), 5);
    overlay.note(ended("u1"), 5);
    overlay.settleSome([app("/a", [{ id: "t1" }, { id: "t2" }])], minute, minute + 1);
    assert.deepEqual(shown(overlay), ["/a t1 t2", "/b"]);
    assert.deepEqual([...overlay.gone(minute)], ["u1"]);
  });

  test("that were asked for before an event do not undo it", () => {
    const overlay = listedAt(0);
    overlay.note(instanceEnded("a.instance-1"), 15);
    overlay.settleSome([app("/a", [{ id: "a.instance-1._app.1" }, { id: "t2" }])], 10, 20);
    assert.deepEqual(shown(overlay), ["/a t2", "/b u1"]);
  });

  test("that an event said are gone stay gone until something newer says otherwise", () => {
    const overlay = listedAt(0);
    overlay.note(gone, 5);
    overlay.settleSome([app("/a", [{ id: "t1" }])], 10, 11);
    assert.deepEqual(shown(overlay), ["/b u1"]);
    overlay.settleSome([app("/a", [{ id: "t1" }], after)], 20, 21);
    assert.deepEqual(shown(overlay), ["/a t1", "/b u1"]);
  });

  test("tell which of their tasks have ended", () => {
    const overlay = listedAt(0);
    overlay.settleSome([app("/a", [{ id: "t1", state: "TASK_FAILED" }])], 10, 11);
    assert.deepEqual([...overlay.gone(12)], ["t1"]);
  });
});
