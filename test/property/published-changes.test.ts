import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Responder } from "../../src/publish/dns/responder.ts";
import { WantedFiles } from "../../src/publish/wanted-files.ts";
import type { Route } from "../../src/routing/table.ts";
import { question, told } from "../unit/publish/dns-messages.ts";
import { route, routed, table } from "../unit/publish/tables.ts";

const apps = ["/a", "/a/b", "/a.b", "a", "b.a", "/.."] as const;
const ports = [80, 81, 82] as const;

/** Few values, so that much of a table is the same as in the one before; equal routes are the same object, as in tables. */
const made = new Map<string, Route>();
const anyRoute = fc
  .record({
    app: fc.constantFrom(...apps),
    port: fc.constantFrom(...ports),
    replica: fc.nat(2),
    portIndex: fc.option(fc.nat(1), { nil: undefined }),
  })
  .map(({ app, port, replica, portIndex }) => {
    const key = JSON.stringify([app, port, replica, portIndex]);
    const replicas = [routed(`10.0.0.${replica}:1`)];
    const known = made.get(key) ?? route(app, port, replicas, { portIndex });
    made.set(key, known);
    return known;
  });
const anyTables = fc.array(
  fc
    .uniqueArray(anyRoute, { selector: ({ key }) => key, maxLength: ports.length })
    .map((routes) => routes.toSorted((one, other) => one.port - other.port)),
  { minLength: 1, maxLength: 8 },
);

test("files are the same whatever tables there were before", () => {
  fc.assert(
    fc.property(anyTables, (tables) => {
      const options = { naming: "mmsd", checkOf: () => undefined } as const;
      const following = new WantedFiles(options);
      for (const routes of tables) {
        const fresh = new WantedFiles(options);
        assert.deepEqual(following.of(table(routes)), fresh.of(table(routes)));
        assert.deepEqual(following.problems, fresh.problems);
      }
    }),
    { numRuns: 500 },
  );
});

test("answers are the same whatever tables there were before", () => {
  const questions = [
    "a.mmsd",
    "b.a.mmsd",
    "a.b.mmsd",
    "_1._tcp.a.mmsd",
    "_80._tcp.b.a.mmsd",
    "b.mmsd",
  ];
  fc.assert(
    fc.property(anyTables, (tables) => {
      const options = { origin: "mmsd", ttl: 5, pushSrv: false, forwards: false };
      const following = new Responder(options);
      for (const [version, routes] of tables.entries()) {
        const fresh = new Responder(options);
        for (const responder of [following, fresh]) responder.publish(table(routes, version + 1));
        for (const name of questions)
          assert.deepEqual(answered(following, name), answered(fresh, name), name);
        assert.deepEqual(following.problems(), fresh.problems());
      }
    }),
    { numRuns: 300 },
  );
});

/** Code and records of an answer, in any order: answers take turns. */
function answered(responder: Responder, name: string): readonly unknown[] {
  const response = responder.respond(question(name, "SRV"), "tcp");
  if (response.kind !== "reply") throw new Error(`no reply but ${response.kind}`);
  const { rcode, lines } = told(response.bytes);
  return [rcode, lines.toSorted()];
}
