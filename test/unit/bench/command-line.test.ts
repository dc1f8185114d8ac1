import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, parseCommand } from "../../../bench/command-line.ts";
import { scenarios } from "../../../bench/scenarios/all.ts";

function parse(line: string): Command {
  return parseCommand(
    line.split(" ").filter((word) => word !== ""),
    scenarios,
  );
}

test("only a run of every contender with the defaults is a whole one", () => {
  const isWhole = (line: string): boolean | undefined => {
    const command = parse(line);
    return command.kind === "run" ? command.wishes.isWhole : undefined;
  };
  for (const line of ["", "swap", "swap --no-build"]) assert.equal(isWhole(line), true, line);
  for (const line of ["swap portolan", "swap --runs 5", "start --no-pin", "dns --seconds 1"])
    assert.equal(isWhole(line), false, line);
});

test("help is no error, and an unknown name is one", () => {
  assert.equal(parse("--help").kind, "help");
  assert.equal(parse("-h").kind, "help");
  assert.equal(parse("nothing").kind, "usage");
});
