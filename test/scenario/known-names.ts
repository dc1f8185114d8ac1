import { createHash } from "node:crypto";
import dns from "node:dns/promises";
import { syncBuiltinESMExports } from "node:module";
import { isIP } from "node:net";

/** The address that a name stands for wherever this module is loaded; an address stands for itself. */
export function addressOf(name: string): string {
  if (isIP(name) !== 0) return name;
  if (name === "localhost") return "127.0.0.1";
  const [a = 0, b = 0, c = 0] = createHash("sha256").update(name).digest();
  return `10.${a}.${b}.${c}`;
}

// Loaded by `--import`, so that the names of recorded answers resolve on a machine that knows none of them.
Object.assign(dns, {
  lookup: (name: string) => Promise.resolve([{ address: addressOf(name), family: 4 }]),
});
syncBuiltinESMExports();
