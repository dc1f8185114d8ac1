import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import fc from "fast-check";

import { fieldsOf, listOf } from "../../../../src/discovery/fields.ts";
import { eventTypes, readEvent } from "../../../../src/discovery/marathon/events.ts";
import { fromTasks } from "../../../../src/discovery/marathon/from-tasks.ts";
import { toServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps, parseTasks } from "../../../../src/discovery/marathon/wire.ts";
import type { Service } from "../../../../src/model/service.ts";
import { everything } from "./service-options.ts";

const folder = new URL("../../../fixtures/marathon/", import.meta.url);

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"));
}

/** Every app of the recorded lists that has an id of its own. */
const apps: readonly unknown[] = [
  ...listOf(fieldsOf(read("constructed/v1.4.v2_apps.embed-tasks.json"))["apps"]),
  fieldsOf(read("marathon-docs/v0.8.v2_app_show.toggle.json"))["app"],
  ...listOf(
    fieldsOf(read("marathon-tests/networkinfo.container-mixed-hostports.noip.json"))["apps"],
  ),
];

type Path = readonly (string | number)[];

/** Every place below a value, the value itself left out. */
function places(value: unknown, path: Path = []): readonly Path[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => withBelow(item, [...path, index]));
  return Object.entries(fieldsOf(value)).flatMap(([key, item]) => withBelow(item, [...path, key]));
}

function withBelow(item: unknown, path: Path): readonly Path[] {
  return [path, ...places(item, path)];
}

type Mutation =
  | { readonly kind: "drop" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "set"; readonly to: unknown };

const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>({ kind: "drop" }),
  fc.constant<Mutation>({ kind: "duplicate" }),
  fc
    .oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        "",
        "x",
        -1,
        0,
        65_536,
        1e308,
        [],
        {},
        [null],
        "TASK_ODD",
        { alive: "no" },
      ),
      fc.jsonValue(),
    )
    .map((to): Mutation => ({ kind: "set", to })),
);

function mutated(value: unknown, path: Path, mutation: Mutation): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return mutation.kind === "set" ? mutation.to : value;
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    const index = Number(head);
    const changed =
      rest.length > 0
        ? [mutated(items[index], rest, mutation)]
        : replacement(items[index], mutation);
    return items.toSpliced(index, 1, ...changed);
  }
  const entries = Object.entries(fieldsOf(value)).flatMap(([key, item]): [string, unknown][] => {
    if (key !== head) return [[key, item]];
    if (rest.length > 0) return [[key, mutated(item, rest, mutation)]];
    // An object cannot hold a key twice: its double is a list of two.
    const [first, ...more] = replacement(item, mutation);
    return first === undefined ? [] : [[key, more.length > 0 ? [first, ...more] : first]];
  });
  return Object.fromEntries(entries);
}

function replacement(item: unknown, mutation: Mutation): readonly unknown[] {
  switch (mutation.kind) {
    case "drop":
      return [];
    case "duplicate":
      return [item, item];
    case "set":
      return [mutation.to];
  }
}

function servicesOf(list: readonly unknown[]): readonly Service[] {
  const parsed = parseApps({ apps: list });
  assert.ok(parsed);
  return toServices(parsed.apps, everything).services;
}

suite("a list of apps with anything changed in one of them", () => {
  test("never throws, and never costs another app a service", () => {
    const spots = apps.flatMap((app, index) => places(app).map((path) => ({ index, path })));
    const changes = fc.array(fc.tuple(fc.constantFrom(...spots), mutations), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(changes, (wanted) => {
        const index = wanted[0]?.[0].index ?? 0;
        const victim = wanted
          .filter(([spot]) => spot.index === index)
          .reduce((value, [{ path }, mutation]) => mutated(value, path, mutation), apps[index]);
        const others = apps.toSpliced(index, 1);
        const left = servicesOf(apps.toSpliced(index, 1, victim));
        for (const service of servicesOf(others)) {
          const same = left.find(
            ({ app, port, protocol }) =>
              app === service.app && port === service.port && protocol === service.protocol,
          );
          assert.deepEqual(same, service);
        }
      }),
      { numRuns: 600 },
    );
  });

  test("never throws for anything at all in place of the list or of the tasks", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...eventTypes, "message"), (value, type) => {
        const listed = parseApps({ apps: [value] });
        if (listed !== undefined) toServices(listed.apps, everything);
        const tasks = parseTasks({ tasks: [value] });
        if (tasks !== undefined) toServices(fromTasks(tasks.tasks), everything);
        readEvent(type, JSON.stringify(value));
      }),
      { numRuns: 300 },
    );
  });

  test("never throws for tasks of `/v2/tasks` with anything changed", () => {
    const document = read("marathon-docs/v2_tasks.json");
    fc.assert(
      fc.property(fc.constantFrom(...places(document)), mutations, (path, mutation) => {
        const tasks = parseTasks(mutated(document, path, mutation));
        if (tasks !== undefined) toServices(fromTasks(tasks.tasks), everything);
      }),
      { numRuns: 300 },
    );
  });
});
