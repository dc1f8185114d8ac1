// Preloaded by --import into every thread of a program: once the file that INJECTED_FAULT names is there, the next
// connection that a data-plane thread accepts ends in an exception, or with the word `stall` in it the thread stands still. The program itself knows nothing of it.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { Server } from "node:net";
import { isMainThread } from "node:worker_threads";

const file = process.env["INJECTED_FAULT"];
// oxlint-disable-next-line typescript/unbound-method -- put back around what it was
const emit = Server.prototype.emit;

if (!isMainThread && file !== undefined) {
  Server.prototype.emit = function (this: Server, ...args: Parameters<typeof emit>): boolean {
    if (args[0] === "connection") commit(file);
    return Reflect.apply(emit, this, args);
  };
}

function commit(path: string): void {
  if (!existsSync(path)) return;
  const fault = readFileSync(path, "utf8");
  rmSync(path);
  // Without end: only whoever watches the thread can end it.
  for (;;) if (fault !== "stall") break;
  throw new Error("an injected fault");
}
