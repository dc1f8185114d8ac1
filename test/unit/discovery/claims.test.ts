import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { gatherServices, type Claim } from "../../../src/discovery/claims.ts";
import { readOwnDialect } from "../../../src/discovery/own-dialect.ts";

function claim(port: number, labels: Readonly<Record<string, string>>): Claim {
  const { reading } = readOwnDialect(new Map(Object.entries(labels)));
  return { app: "/a", port, protocol: "tcp", reading, madeAt: 1, replica: undefined };
}

function offered(claims: readonly Claim[], groups?: readonly string[]): readonly number[] {
  return gatherServices(claims, "file", groups).map(({ port }) => port);
}

suite("services of replicas that declare themselves", () => {
  const claims = [
    claim(1001, {}),
    claim(1002, { "portolan.groups": "web" }),
    claim(1003, { "portolan.groups": "web,batch" }),
    claim(1004, { "portolan.enabled": "false" }),
  ];

  for (const { name, groups, want } of [
    { name: "every group by default", groups: undefined, want: [1001, 1002, 1003] },
    { name: "all of them by a star", groups: ["*"], want: [1001, 1002, 1003] },
    { name: "those of one group", groups: ["batch"], want: [1003] },
    { name: "those without a group by an empty name", groups: ["", "batch"], want: [1001, 1003] },
    { name: "none when no group is served", groups: ["other"], want: [] },
  ]) {
    test(`a host offers ${name}`, () => {
      assert.deepEqual(offered(claims, groups), want);
    });
  }

  test("the only port can be checked by its own index, any other one is reported", () => {
    const own = readOwnDialect(new Map([["portolan.check-port-index", "0"]]));
    assert.deepEqual(own.faults, []);
    const lost = readOwnDialect(new Map([["portolan.check-port-index", "1"]]));
    assert.deepEqual(lost.faults, ["label portolan.check-port-index: there is no port 1: ignored"]);
  });
});
