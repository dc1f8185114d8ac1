import { readFileSync, writeFileSync } from "node:fs";
import { parseCommand, usage, type Wishes } from "./command-line.ts";
import { Results } from "./readme/results.ts";
import { sectionsOf, withSections } from "./readme/sections.ts";
import { scenarios } from "./scenarios/all.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { conditionsOf } from "./support/conditions.ts";
import { divideCpus, unpinned } from "./support/cpus.ts";
import { takeLaunches } from "./support/launches.ts";
import { findProgram } from "./support/program.ts";
import { formatReport, type Result, resultsFolder, writeResult } from "./support/results.ts";

const wrongUsage = 2;

// Only a normal end runs the listeners of "exit", and they take the other processes along.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommand(args, scenarios);
  switch (command.kind) {
    case "help":
      console.log(`${usage}\n\n${scenarios.map(briefly).join("\n")}`);
      return 0;
    case "list":
      console.log(scenarios.map(fully).join("\n"));
      return 0;
    case "table":
      console.log([...sectionsOf(Results.read(command.from)).values()].join("\n\n"));
      return 0;
    case "readme":
      writeReadme();
      return 0;
    case "usage":
      console.error(`${command.message}\n\n${usage}`);
      return wrongUsage;
    case "run":
      return await run(command.wishes, args.join(" "));
  }
}

async function run(wishes: Wishes, flags: string): Promise<number> {
  if (process.platform !== "linux") {
    console.error("the bench reads CPU time and memory from /proc, so it runs on Linux only");
    return 1;
  }
  const cpus = wishes.isPinned ? divideCpus() : unpinned;
  let failures = 0;
  try {
    const program = findProgram({ mayBuild: wishes.mayBuild, say });
    for (const { scenario, contenders } of wishes.chosen) {
      const { seconds = scenario.seconds, runs = scenario.runs } = wishes;
      const conditions = { ...conditionsOf({ cpus, program, flags }), seconds, runs };
      takeLaunches();
      try {
        const report = await scenario.run({ contenders, seconds, runs, cpus, program, say });
        console.log(`${formatReport(conditions, report)}\n`);
        keep({ scenario: scenario.name, conditions, report, started: takeLaunches() }, wishes);
      } catch (error) {
        // The other scenarios are still worth their time.
        failures += 1;
        console.error(`${scenario.name} failed:`, error);
      }
    }
  } catch (error) {
    failures += 1;
    console.error(error instanceof Error ? error.message : error);
  }
  return failures === 0 ? 0 : 1;
}

function writeReadme(): void {
  const path = new URL("../README.md", import.meta.url);
  writeFileSync(path, withSections(readFileSync(path, "utf8"), sectionsOf(Results.read())));
}

/** What is committed comes from whole runs only; others go where they were told to. */
function keep(result: Result, { isWhole, out }: Wishes): void {
  if (out === undefined && !isWhole)
    say("not a whole run with its defaults, so no file is written: --out DIR writes it there");
  else say(`written to ${writeResult(result, out ?? resultsFolder)}`);
}

function say(line: string): void {
  console.error(line);
}

function briefly({ name, purpose }: Scenario): string {
  return `  ${name}\n      ${purpose}`;
}

function fully({ name, purpose, seconds, runs, contenders }: Scenario): string {
  const defaults = [seconds > 0 ? `--seconds ${seconds}` : "", `--runs ${runs}`].join(" ").trim();
  const names = contenders.map((contender) => contender.name).join(", ");
  return `${name}\n  ${purpose}\n  default ${defaults}; contenders: ${names}`;
}
