import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { seeded } from "../support/faults/seeded.ts";
import { Soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    "per-second": { type: "string", default: "200" },
  },
});
const minutes = Number(values.minutes);
const perSecond = Number(values["per-second"]);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
if (!(minutes > 0) || !(perSecond > 0) || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run soak -- --minutes N [--per-second N] [--seed N]");
  process.exit(2);
}

console.log(`soak of ${minutes} minutes, ${perSecond} connections a second, seed ${seed}`);
await using soak = await Soak.start({ random: seeded(seed), perSecond });
await soak.run(minutes * 60_000, (line) => console.log(line));
const broken = await soak.verdicts();
for (const { name, holds, shown } of broken) {
  console.log(`${holds ? "holds " : "BROKEN"} ${name}: ${shown}`);
}
if (broken.some(({ holds }) => !holds)) {
  console.log(
    `again: npm run soak -- --minutes ${minutes} --per-second ${perSecond} --seed ${seed}`,
  );
  process.exitCode = 1;
}
