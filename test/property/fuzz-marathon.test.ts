import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { fieldsOf, listOf } from "../../src/discovery/fields.ts";
import { fromTasks } from "../../src/discovery/marathon/from-tasks.ts";
import { parsePods } from "../../src/discovery/marathon/pods.ts";
import { toServices } from "../../src/discovery/marathon/to-services.ts";
import { parseApps, parseTasks } from "../../src/discovery/marathon/wire.ts";
import type { Problem } from "../../src/model/problem.ts";
import type { Service } from "../../src/model/service.ts";
import { everything } from "../unit/discovery/marathon/service-options.ts";

const folder = new URL("../fixtures/marathon/", import.meta.url);
const files = [
  "constructed/v1.4.v2_apps.embed-tasks.json",
  "marathon-tests/networkinfo.container-mixed-hostports.noip.json",
];

/** The texts of every app of the recorded lists. */
const apps: readonly string[] = files
  .flatMap((file) =>
    listOf(fieldsOf(JSON.parse(readFileSync(new URL(file, folder), "utf8")))["apps"]),
  )
  .map((app) => JSON.stringify(app));

/** What may stand in place of a value or a key, as JSON text. */
const hostileText = fc.constantFrom(
  "null",
  "[]",
  "{}",
  "1e999",
  "-0",
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  `"${"x".repeat(100_000)}"`,
  `${"[".repeat(500)}${"]".repeat(500)}`,
);

/** A piece of JSON text: a value, or a field with its name. */
const pieces = /"(?:[^"\\]|\\.)*"(?:\s*:)?|-?\d+(?:\.\d+)?(?:e\d+)?|true|false|null/g;

/** Writes a hostile value over one value of a text, or puts one more field beside it. */
function spoil(text: string, at: number, value: string): string {
  const found = [...text.matchAll(pieces)];
  const piece = found[at % found.length];
  if (piece === undefined) return text;
  const [match] = piece;
  const end = piece.index + match.length;
  if (!match.endsWith(":")) return text.slice(0, piece.index) + value + text.slice(end);
  // The same name twice: the later one counts, in JSON as it is read here.
  return `${text.slice(0, piece.index)}${match}${value},${text.slice(piece.index)}`;
}

function servicesOf(texts: readonly string[]): {
  services: readonly Service[];
  problems: Problem[];
} {
  const parsed = parseApps(JSON.parse(`{"apps":[${texts.join(",")}]}`));
  assert.ok(parsed);
  const { services, problems } = toServices(parsed.apps, everything);
  return { services, problems: [...parsed.problems, ...problems] };
}

function assertBounded(problems: readonly Problem[]): void {
  assert.ok(problems.length <= 600, `${problems.length} problems`);
  for (const { subject, reason } of problems) {
    assert.ok(reason.length <= 1024 && subject.length <= 1100, reason);
    assert.doesNotMatch(reason + subject, /[\p{Cc}\u2028\u2029\u202E]/u);
  }
}

test("any value of one app may be anything: others keep their services, and little is said of it (M16)", () => {
  const spots = fc.array(fc.tuple(fc.nat({ max: 5000 }), hostileText), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.nat({ max: apps.length - 1 }), spots, (victim, changes) => {
      const spoilt = changes.reduce(
        (text, [at, value]) => spoil(text, at, value),
        apps[victim] ?? "",
      );
      const others = apps.toSpliced(victim, 1);
      const { services, problems } = servicesOf(apps.toSpliced(victim, 1, spoilt));
      for (const service of servicesOf(others).services) {
        const same = services.find(
          ({ app, port, protocol }) =>
            app === service.app && port === service.port && protocol === service.protocol,
        );
        assert.deepEqual(same, service);
      }
      assertBounded(problems);
      assert.equal(Reflect.get({}, "polluted"), undefined);
    }),
    { numRuns: 1000 },
  );
});

test("thousands of things that are wrong are told in few words, in lists of apps, tasks and pods alike", () => {
  const item = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      7,
      "",
      {},
      [],
      { id: "/.." },
      { id: "/a" },
      { id: "/a", tasks: 5 },
    ),
    fc.record({ id: fc.string(), tasks: fc.array(fc.jsonValue()) }),
  );
  const many = fc
    .array(item, { minLength: 1, maxLength: 30 })
    .map((some) => Array.from({ length: 3000 }, (_, index) => some[index % some.length]));
  const uniqueIds = Array.from({ length: 3000 }, (_, index) => ({ id: `/../${index}` }));
  const bad = fc.oneof(many, fc.constant(uniqueIds));
  fc.assert(
    fc.property(bad, (list) => {
      const listed = parseApps({ apps: [...list, { id: "/good", tasks: list }] });
      assert.ok(listed);
      assert.ok(listed.apps.some(({ id }) => id === "/good"));
      assertBounded(listed.problems);
      const tasks = parseTasks({ tasks: list });
      assert.ok(tasks);
      assertBounded([
        ...tasks.problems,
        ...toServices(fromTasks(tasks.tasks), everything).problems,
      ]);
      assertBounded(parsePods(list)?.problems ?? []);
    }),
    { numRuns: 40 },
  );
});
