import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HostDirectory } from "../../../src/routing/host-directory.ts";

const names = ["a.x.io", "b.x.io", "*.x.io", "*.a.x.io", "*.io.io", "c"];
const asked = ["a.x.io", "q.a.x.io", "q.q.x.io", "x.io", "io.io", "z.io.io", "c", "d", ".", ""];

/** The rule in so many words. */
function expected(owners: ReadonlyMap<string, string>, name: string): string | undefined {
  const exact = owners.get(name);
  if (exact !== undefined) return exact;
  const suffixes = [...owners.keys()].filter(
    (one) => one.startsWith("*.") && name.endsWith(one.slice(1)),
  );
  const [longest] = suffixes.toSorted((one, other) => other.length - one.length);
  return longest === undefined ? undefined : owners.get(longest);
}

test("whoever gets and loses names, in whatever order, every name leads to its last owner", () => {
  const steps = fc.array(
    fc.record({
      owner: fc.constantFrom("p", "q", "r"),
      hosts: fc.option(fc.uniqueArray(fc.constantFrom(...names)), { nil: undefined }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const directory = new HostDirectory();
      const owners = new Map<string, string>();
      for (const { owner, hosts } of all) {
        for (const [name, has] of owners) if (has === owner) owners.delete(name);
        for (const name of hosts ?? []) owners.set(name, owner);
        if (hosts === undefined) directory.remove(owner);
        else directory.set(owner, { hosts, isDefault: false });
        for (const name of [...names, ...asked]) {
          assert.equal(directory.find(name), expected(owners, name), name);
        }
      }
    }),
  );
});

test("the default is for what nobody claims, and goes with its owner", () => {
  const directory = new HostDirectory();
  directory.set("p", { hosts: ["a.test"], isDefault: true });
  assert.deepEqual(
    [directory.find("a.test"), directory.find("b"), directory.find(undefined)],
    ["p", "p", "p"],
  );
  assert.equal(directory.claimed("b"), undefined);
  directory.set("q", { hosts: [], isDefault: true });
  directory.remove("p");
  assert.deepEqual([directory.find("a.test"), directory.fallback], ["q", "q"]);
  directory.remove("q");
  assert.equal(directory.find("a.test"), undefined);
});
