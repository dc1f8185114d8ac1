import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parseSrvName, toReplicas } from "../../../../src/discovery/dns/srv-records.ts";
import { ProblemList } from "../../../../src/discovery/problem-list.ts";
import type { Problem } from "../../../../src/model/problem.ts";
import type { Replica } from "../../../../src/model/replica.ts";

type Given = readonly [target: string, port: number, priority: number, weight: number];

function read(...given: readonly Given[]): {
  replicas: readonly Replica[];
  problems: readonly Problem[];
} {
  const problems = new ProblemList("dns");
  const records = given.map(([name, port, priority, weight]) => ({ name, port, priority, weight }));
  const addressOf = (host: string): string => host;
  const replicas = toReplicas("_web._tcp.test", records, { addressOf, problems });
  return { replicas, problems: problems.list() };
}

interface Row {
  readonly name: string;
  readonly given: readonly Given[];
  /** `host:port weight` per replica. */
  readonly want: readonly string[];
}

const rows: readonly Row[] = [
  { name: "none", given: [], want: [] },
  {
    name: "equal weights",
    given: [
      ["a", 1, 0, 5],
      ["b", 2, 0, 5],
    ],
    want: ["a:1 500", "b:2 500"],
  },
  {
    name: "no weights",
    given: [
      ["a", 1, 0, 0],
      ["b", 2, 0, 0],
    ],
    want: ["a:1 500", "b:2 500"],
  },
  {
    name: "weights in proportion, the least of them still a little",
    given: [
      ["a", 1, 0, 60_000],
      ["b", 2, 0, 15_000],
      ["c", 3, 0, 0],
    ],
    want: ["a:1 1000", "b:2 250", "c:3 1"],
  },
  {
    name: "of several priorities all but the lowest stand by, with weights among their own",
    given: [
      ["a", 1, 20, 100],
      ["b", 2, 10, 1],
      ["c", 3, 10, 1],
      ["d", 4, 20, 50],
      ["e", 5, 70, 0],
    ],
    want: ["a:1 1000 standby 1", "b:2 500", "c:3 500", "d:4 500 standby 1", "e:5 500 standby 2"],
  },
  {
    name: "one record twice",
    given: [
      ["a", 1, 0, 5],
      ["a", 1, 0, 5],
    ],
    want: ["a:1 500"],
  },
  {
    name: "the root as target: decidedly not there",
    given: [["", 0, 0, 0]],
    want: [],
  },
];

suite("replicas of SRV records", () => {
  for (const { name, given, want } of rows) {
    test(name, () => {
      const { replicas, problems } = read(...given);
      const found = replicas.map(({ address, weight, standby }) => {
        const where = `${address.host}:${address.port} ${weight}`;
        return standby === undefined ? where : `${where} standby ${standby}`;
      });
      assert.deepEqual([found, problems], [want, []]);
    });
  }

  test("a record that no socket can dial is skipped and reported", () => {
    const { replicas, problems } = read(["a", 0, 0, 0], ["a b\n", 1, 0, 0], ["c", 3, 0, 0]);
    assert.deepEqual(
      replicas.map(({ host }) => host),
      ["c"],
    );
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      [
        "its record a:0 is no host and port: skipped",
        "its record a b\uFFFD:1 is no host and port: skipped",
      ],
    );
  });
});

suite("a name with its port", () => {
  const good = [
    ["_web._tcp.example=80", { name: "_web._tcp.example", port: 80, protocol: "tcp" }],
    ["_dns._UDP.example=53", { name: "_dns._UDP.example", port: 53, protocol: "udp" }],
    ["web.service.consul=8080", { name: "web.service.consul", port: 8080, protocol: "tcp" }],
  ] as const;
  for (const [text, want] of good) test(text, () => assert.deepEqual(parseSrvName(text), want));

  for (const text of [
    "",
    "web",
    "=80",
    "web=",
    "web=0",
    "web=65536",
    "web=1=2",
    "a b=80",
    "::1=80",
  ])
    test(`not ${text}`, () => assert.equal(parseSrvName(text), undefined));
});
