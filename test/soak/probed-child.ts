// A replica as a program that says nothing and notes when it is asked, on every address of loopback at once.
import { createServer } from "node:net";
import type { Seen } from "./probed.ts";

const tenthMs = 100;

let since = performance.now();
let [accepted, open, mostOpen] = [0, 0, 0];
let tenths: number[] = [];

function tenth(): number {
  return Math.floor((performance.now() - since) / tenthMs);
}

function look(): Seen {
  const counts = Array.from({ length: tenth() }, (_, index) => tenths[index] ?? 0);
  const seen = { accepted, mostOpen, tenths: counts };
  [since, accepted, mostOpen, tenths] = [performance.now(), 0, open, []];
  return seen;
}

const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.resume();
  accepted += 1;
  open += 1;
  mostOpen = Math.max(mostOpen, open);
  tenths[tenth()] = (tenths[tenth()] ?? 0) + 1;
  socket.once("close", () => (open -= 1));
});
server.on("error", () => undefined);
server.listen({ port: 0, host: "0.0.0.0", backlog: 4096 }, () => {
  const bound = server.address();
  if (bound !== null && typeof bound === "object") process.send?.(bound.port);
});
process.on("message", () => process.send?.(look()));
process.once("disconnect", () => process.exit());
