import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { seeded } from "../support/faults/seeded.ts";
import { runRows } from "./run-rows.ts";
import { loadRows } from "./rows.ts";
import { Soak } from "./soak.ts";

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string" },
    seed: { type: "string" },
    "per-second": { type: "string", default: "200" },
  },
});
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const perSecond = Number(values["per-second"]);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const chosen = loadRows.filter(({ id }) => names.includes(id) || names.includes("all"));
const isUnderstood = names.every((name) => name === "all" || chosen.some(({ id }) => id === name));
if (!isUnderstood || !((minutes ?? 1) > 0) || !(perSecond > 0) || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run soak -- [--minutes N] [--per-second N] [--seed N]");
  console.error("       npm run soak -- [--minutes N] all, or some of:");
  for (const { id, what } of loadRows) console.error(`         ${id}  ${what}`);
  process.exit(2);
}
if (names.length === 0) await soakFor(minutes ?? 10);
else {
  const broken = await runRows(chosen, minutes === undefined ? undefined : minutes * 60);
  console.log(broken.length === 0 ? "all of them hold" : `not held: ${broken.join(", ")}`);
  if (broken.length > 0) process.exitCode = 1;
}

async function soakFor(length: number): Promise<void> {
  console.log(`soak of ${length} minutes, ${perSecond} connections a second, seed ${seed}`);
  await using soak = await Soak.start({ random: seeded(seed), perSecond });
  await soak.run(length * 60_000, (line) => console.log(line));
  const verdicts = await soak.verdicts();
  for (const { name, holds, shown } of verdicts) {
    console.log(`${holds ? "holds " : "BROKEN"} ${name}: ${shown}`);
  }
  if (verdicts.every(({ holds }) => holds)) return;
  console.log(
    `again: npm run soak -- --minutes ${length} --per-second ${perSecond} --seed ${seed}`,
  );
  process.exitCode = 1;
}
