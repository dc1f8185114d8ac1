import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { SyncAgenda } from "../../../../src/discovery/marathon/sync-agenda.ts";

function agendaAt(now: number): SyncAgenda {
  const agenda = new SyncAgenda({
    refreshIntervalMs: 60_000,
    quietMs: 50,
    maxWaitMs: 250,
    random: () => 0.5,
  });
  look(agenda, now);
  // The first interval is drawn from a wider range.
  look(agenda, now);
  // The first interval is drawn from a wider range.
  look(agenda, now);
  return agenda;
}

function look(agenda: SyncAgenda, now: number, succeeded: boolean = true): void {
  agenda.begin(now);
  agenda.end(now, succeeded);
}

suite("when to look at Marathon", () => {
  test("at once, to begin with", () => {
    const fresh = new SyncAgenda({
      refreshIntervalMs: 1,
      quietMs: 1,
      maxWaitMs: 1,
      random: () => 0,
    });
    assert.ok(fresh.dueAt <= 0);
  });

  test("then every interval, less up to a fifth", () => {
    assert.equal(agendaAt(0).dueAt, 54_000);
  });

  test("after an event, once it is quiet", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000);
    assert.equal(agenda.dueAt, 1050);
    agenda.changed(1040);
    assert.equal(agenda.dueAt, 1090);
  });

  test("during a long burst, without waiting for its end", () => {
    const agenda = agendaAt(0);
    for (let now = 1000; now <= 1240; now += 20) agenda.changed(now);
    assert.equal(agenda.dueAt, 1250);
  });

  test("again, a second after a look for events, and then no more", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000);
    look(agenda, 1050);
    assert.equal(agenda.dueAt, 2050);
    look(agenda, 2050);
    assert.equal(agenda.dueAt, 2050 + 54_000);
  });

  test("again, when an event came during a look", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000);
    agenda.begin(1050);
    agenda.changed(1060);
    agenda.end(1500, true);
    assert.equal(agenda.dueAt, 1110);
  });

  test("when asked, or earlier if something else is due", () => {
    const agenda = agendaAt(0);
    agenda.ask(2000);
    agenda.ask(3000);
    assert.equal(agenda.dueAt, 2000);
    look(agenda, 1500);
    assert.equal(agenda.dueAt, 2000, "what is asked for later is not answered yet");
    look(agenda, 2000);
    assert.equal(agenda.dueAt, 56_000);
  });

  test("soon after a failure, then ever later, at most 15 s (M24)", () => {
    const agenda = agendaAt(0);
    const waits = Array.from({ length: 12 }, () => {
      look(agenda, 0, false);
      return agenda.dueAt;
    });
    assert.deepEqual(waits.slice(0, 3), [75, 150, 300]);
    assert.equal(waits.at(-1), 11_250);
    look(agenda, 0);
    look(agenda, 0, false);
    assert.equal(agenda.dueAt, 75);
  });

  test("a second time after a failed look for events has succeeded", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000);
    look(agenda, 1050, false);
    look(agenda, 1200);
    assert.equal(agenda.dueAt, 2200);
  });
});

suite("what to look at", () => {
  const all = (scope: unknown): void => assert.equal(scope, "all");
  const only = (scope: unknown, ...apps: readonly string[]): void =>
    assert.deepEqual(scope, new Set(apps));

  test("is everything at first, when asked and after each interval", () => {
    const agenda = agendaAt(0);
    agenda.ask(1000);
    all(agenda.begin(1000));
    agenda.end(1000, true);
    all(agenda.begin(agenda.dueAt));
  });

  test("is the apps that events named, now and once more", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000, ["/a"]);
    agenda.changed(1010, ["/b"]);
    only(agenda.begin(1060), "/a", "/b");
    agenda.end(1070, true);
    assert.equal(agenda.dueAt, 2070);
    only(agenda.begin(2070), "/a", "/b");
    agenda.end(2080, true);
    assert.equal(agenda.dueAt, 54_000, "the periodic look is not put off");
  });

  test("is everything when one of the events named nothing, or more than 16 apps were named", () => {
    const vague = agendaAt(0);
    vague.changed(1000, ["/a"]);
    vague.changed(1010);
    all(vague.begin(1060));
    const many = agendaAt(0);
    for (let index = 0; index < 17; index += 1) many.changed(1000, [`/a${index}`]);
    all(many.begin(1060));
  });

  test("is what is due together", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000, ["/a"]);
    agenda.begin(1050);
    agenda.end(1060, true);
    agenda.changed(2030, ["/b"]);
    only(agenda.begin(2080), "/a", "/b");
    agenda.end(2090, true);
    only(agenda.begin(3090), "/b");
  });

  test("still has what an earlier look for events was to be confirmed for", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000, ["/a"]);
    agenda.begin(1050);
    agenda.end(1060, true);
    agenda.changed(1100, ["/b"]);
    only(agenda.begin(1150), "/b");
    agenda.end(1160, true);
    only(agenda.begin(2160), "/a", "/b");
  });

  test("is everything after a failure, and the apps again to confirm", () => {
    const agenda = agendaAt(0);
    agenda.changed(1000, ["/a"]);
    agenda.begin(1050);
    agenda.end(1060, false);
    all(agenda.begin(agenda.dueAt));
    agenda.end(1200, true);
    only(agenda.begin(2200), "/a");
  });
});
