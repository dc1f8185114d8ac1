import { serveVerbs } from "../support/actor.ts";
import { figureOf } from "../support/stats.ts";
import { makeDocumentCases } from "./micro/document.ts";
import type { MicroCase } from "./micro/micro-case.ts";
import { makePickCases } from "./micro/pick.ts";
import { makeTableCases } from "./micro/tables.ts";
import type { MicroRow, MicroVerbs } from "./verbs.ts";

// Things too small for a whole run, timed alone in a process that does nothing else.

const warmUps = 3;

serveVerbs<MicroVerbs>({
  run({ repeats }) {
    const makers = [makePickCases, makeTableCases, makeDocumentCases];
    // One group after another, so that a large document is not around while small things are timed.
    return makers.flatMap((make) => make().map((each) => time(each, repeats)));
  },
});

function time({ name, operations, run }: MicroCase, repeats: number): MicroRow {
  const micros: number[] = [];
  for (let repeat = 0; repeat < warmUps + repeats; repeat += 1) {
    const startedAt = performance.now();
    run();
    const passedMs = performance.now() - startedAt;
    if (repeat >= warmUps) micros.push((passedMs * 1000) / operations);
  }
  const figure = figureOf(micros) ?? { median: 0, min: 0, max: 0 };
  return { name, ...figure };
}
