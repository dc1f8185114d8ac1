import { test } from "node:test";
import fc from "fast-check";
import { ModelCluster } from "./control-model/cluster.ts";
import { Oracle } from "./control-model/oracle.ts";
import { reservedPort, Rig } from "./control-model/rig.ts";
import * as steps from "./control-model/steps.ts";

const id = fc.constantFrom("/a", "/b", "/c", "/group/d");
const port = fc.constantFrom(10_001, 10_002, 10_003, reservedPort);
const index = fc.nat({ max: 19 });
const copies = fc.integer({ min: 0, max: 4 });

const everyStep = [
  fc.tuple(id, port, copies).map((given) => steps.start(...given)),
  fc.tuple(id, fc.boolean()).map((given) => steps.remove(...given)),
  fc.tuple(id, fc.constantFrom("100", "0", "heavy", "-1")).map((given) => steps.label(...given)),
  fc.tuple(index, fc.constantFrom(true, false, null)).map((given) => steps.check(...given)),
  fc.tuple(index, fc.boolean()).map((given) => steps.kill(...given)),
  index.map((at) => steps.drain(at)),
  id.map((one) => steps.restart(one)),
  fc.constant(0).map(() => steps.amnesia()),
  fc.constant(0).map(() => steps.rumour()),
  fc.constant(0).map(() => steps.look()),
  fc.constant(0).map(() => steps.look()),
  fc.constant(0).map(() => steps.look()),
  fc.constantFrom("nothing", "half").map((what) => steps.lie(what)),
  fc.boolean().map((isOver) => steps.outage(isOver)),
  fc.constantFrom(null, {}, { apps: null }, { apps: {} }).map((what) => steps.garbage(what)),
  fc.tuple(index, fc.constantFrom("up", "down")).map((given) => steps.probe(...given)),
  fc.constant(0).map(() => steps.isolate()),
  fc
    .tuple(fc.constantFrom(10_001, 10_004), fc.integer({ min: 0, max: 2 }))
    .map((given) => steps.file(...given)),
  fc.constantFrom(1000, 11_000, 31_000, 3_660_000).map((ms) => steps.pass(ms)),
];

test("whatever happens in whatever order, the table is the truth, or says what it holds back", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stories = fc.commands(everyStep, { maxCommands: 24, size: "max" });
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      await using rig = new Rig(t.mock.timers);
      const model = { cluster: new ModelCluster(), oracle: new Oracle() };
      await fc.asyncModelRun(() => ({ model, real: rig }), [steps.file(10_004, 1), steps.look()]);
      await fc.asyncModelRun(() => ({ model, real: rig }), story);
      await steps.assertTruthInTheEnd(model, rig);
    }),
    { numRuns: 2000 },
  );
});

test("a list that lost everything is not confirmed by events, only by further lists", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await using rig = new Rig(t.mock.timers);
  const model = { cluster: new ModelCluster(), oracle: new Oracle() };
  const story = [
    steps.file(10_004, 1),
    steps.start("/a", 10_001, 2),
    steps.look(),
    steps.lie("nothing"),
    steps.outage(false),
    steps.pass(11_000),
    steps.rumour(),
    steps.pass(11_000),
    steps.rumour(),
    steps.pass(11_000),
    steps.rumour(),
  ];
  await fc.asyncModelRun(() => ({ model, real: rig }), story);
});
