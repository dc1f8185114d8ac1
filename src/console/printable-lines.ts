import { printable } from "../model/problem.ts";

/** What app owners wrote must not move the cursor of those who read it; lines stay lines. */
export function printableLines(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line, 2000))
    .join("\n");
}
