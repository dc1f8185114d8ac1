import assert from "node:assert/strict";
import { test } from "node:test";

import { gatherServices, type Claim } from "../../../../src/discovery/claims.ts";
import { parseDocument } from "../../../../src/discovery/file/document.ts";
import { keepGood } from "../../../../src/discovery/file/last-good.ts";
import { readServices } from "../../../../src/discovery/file/listed-services.ts";

function follow(...texts: readonly string[]): { routes: readonly string[]; kept: number } {
  let claims: readonly Claim[] = [];
  let kept = 0;
  for (const [index, text] of texts.entries()) {
    const listed = readServices(parseDocument(`services:\n${text}`, "a.yaml"), index);
    claims = keepGood(listed, claims);
    kept = listed.problems.list().filter(({ reason }) => reason.includes("stays as it was")).length;
  }
  const routes = gatherServices(claims, "file").flatMap(({ app, port, protocol, replicas }) =>
    replicas.map(({ address }) => `${app} ${protocol}/${port} ${address.port}`),
  );
  return { routes: routes.toSorted(), kept };
}

const item = (app: string, port: string, ...replicas: readonly string[]): string =>
  `  - { app: ${app}, port: ${port}, replicas: [${replicas.map((one) => `"h:${one}"`).join(", ")}] }\n`;
const good = item("a", "80", "1", "2") + item("b", "81", "3");

interface Row {
  readonly name: string;
  readonly later: readonly string[];
  readonly want: readonly string[];
  readonly kept: number;
}

const all = ["a tcp/80 1", "a tcp/80 2", "b tcp/81 3"];
const rows: readonly Row[] = [
  {
    name: "a port that is none",
    later: [item("a", "80x", "9") + item("b", "81", "3")],
    want: all,
    kept: 2,
  },
  {
    name: "a protocol that is none",
    later: [good.replace("port", "protocol: x, port")],
    want: all,
    kept: 2,
  },
  { name: "no name", later: [`  - { port: 80 }\n${item("b", "81", "3")}`], want: all, kept: 2 },
  { name: "a fault for long", later: ["  - 7\n", "  - 7\n", "  - 8\n"], want: all, kept: 3 },
  {
    name: "a replica that is none",
    later: [item("a", "80", "1", "x", "4") + item("b", "81", "3")],
    want: ["a tcp/80 1", "a tcp/80 2", "a tcp/80 4", "b tcp/81 3"],
    kept: 1,
  },
  {
    name: "a fault in one item, and another taken out",
    later: [item("b", "x", "3")],
    want: ["b tcp/81 3"],
    kept: 1,
  },
  {
    name: "a fault in one replica, and another service's taken out",
    later: [
      item("a", "80", "1", "2") + item("b", "81", "x"),
      item("a", "80", "1") + item("b", "81", "x"),
    ],
    want: ["a tcp/80 1", "b tcp/81 3"],
    kept: 1,
  },
  {
    name: "a fault that is repaired",
    later: ["  - 7\n", item("a", "80", "5")],
    want: ["a tcp/80 5"],
    kept: 0,
  },
  { name: "no fault", later: [item("a", "80", "1")], want: ["a tcp/80 1"], kept: 0 },
];

for (const { name, later, want, kept } of rows) {
  test(`what stays served of a file with ${name}`, () => {
    assert.deepEqual(follow(good, ...later), { routes: want, kept });
  });
}
