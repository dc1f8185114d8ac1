import { readFileSync } from "node:fs";

// Reads an instance file again and again until it is told that it is enough, or finds a version that is not whole: as many
// replicas are to be in it as the third part of each address says.

const [path = ""] = process.argv.slice(2);
const atOnce = 100;
const versions = new Set<string>();
let reads = 0;

process.once("message", () => tell(undefined));
process.send?.("ready");
readOn();

function readOn(): void {
  for (let turn = 0; turn < atOnce; turn += 1) {
    const content = readFileSync(path, "utf8");
    const lines = content.split("\r\n\r\n")[1]?.trimEnd().split("\n") ?? [];
    versions.add(content);
    reads += 1;
    if (lines.length !== Number(lines[0]?.split(".")[2])) tell(content);
  }
  setImmediate(readOn);
}

function tell(torn: string | undefined): void {
  process.send?.({ reads, torn, versions: versions.size }, () => process.exit());
}
