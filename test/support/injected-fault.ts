// Preloaded by --import into every thread of a program: once the file that INJECTED_FAULT names is there, the next
// connection that a data-plane thread accepts ends in an exception, or with the word `stall` in it the thread stands still. The program itself knows nothing of it.
import { channel } from "node:diagnostics_channel";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env["INJECTED_FAULT"];

if (!isMainThread && file !== undefined) {
  channel("net.server.socket").subscribe(() => commit(file));
}

function commit(path: string): void {
  if (!existsSync(path)) return;
  const fault = readFileSync(path, "utf8");
  rmSync(path);
  // Without end: only whoever watches the thread can end it.
  for (;;) if (fault !== "stall") break;
  throw new Error("an injected fault");
}
