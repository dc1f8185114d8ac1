import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { appServices } from "../../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../../src/discovery/marathon/wire.ts";
import { seeded } from "../../../support/faults/seeded.ts";
import { everything } from "./service-options.ts";

const count = 8192;
/** Rounds, of each of which the quickest counts: whoever else runs here makes some of them slow, and none quick. */
const rounds = 15;
/** Where keys collide, a table of so many takes a hundred times as long. */
const mostTimes = 2;

const random = seeded(11);
/** Ten digits each, as the crafted ones. */
const plain = distinct(() => 1e9 + Math.floor(random() * (2 ** 32 - 1e9)));

/** What hashed to one bucket of a table of this size when small numbers were their own hash [CVE-2026-21717]. */
const crafted: readonly { readonly name: string; readonly keys: readonly string[] }[] = [
  { name: "the same lower 19 bits", keys: distinct((index) => index * 2 ** 19) },
  { name: "the same lower 17 bits", keys: distinct((index) => index * 2 ** 17) },
];

function distinct(make: (index: number) => number): readonly string[] {
  const keys = new Set<string>();
  for (let index = 0; keys.size < count; index += 1) keys.add(String(make(index)));
  return [...keys];
}

/** A list of one app with these keys, each with itself as its text, in its labels, in those of its port, and in its environment. */
function bodyWith(keys: readonly string[]): string {
  const texts = Object.fromEntries(keys.map((key) => [key, key]));
  const portDefinitions = [{ port: 80, protocol: "tcp", labels: texts }];
  const app = {
    id: "/a",
    networks: [{ mode: "host" }],
    labels: texts,
    env: texts,
    portDefinitions,
  };
  return JSON.stringify({ apps: [{ ...app, tasks: [] }] });
}

function read(body: string): number {
  const startedAt = performance.now();
  const { apps } = parseApps(JSON.parse(body)) ?? { apps: [] };
  const services = apps.flatMap((app) => appServices(app, everything).services);
  assert.equal(services.length, 1);
  return performance.now() - startedAt;
}

suite("keys and texts made to collide", () => {
  for (const { name, keys } of crafted) {
    test(`with ${name} take no longer to read than any others, in labels and environment (X15)`, () => {
      const bodies = { plain: bodyWith(plain), crafted: bodyWith(keys) };
      let [best, worst] = [Infinity, Infinity];
      for (let round = 0; round < rounds; round += 1) {
        best = Math.min(best, read(bodies.plain) / bodies.plain.length);
        worst = Math.min(worst, read(bodies.crafted) / bodies.crafted.length);
      }
      assert.ok(worst <= mostTimes * best, `${(worst / best).toFixed(2)} times as long`);
    });
  }
});
