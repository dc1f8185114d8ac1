// A program that logs on command, so that a test can hold or break its stdout.
import { createLogger } from "../../../src/observe/logger.ts";

const logger = createLogger({ level: "info", format: "json", linesPerSecond: 1_000_000 });
const padding = "x".repeat(1000);

process.on("message", (command) => {
  if (command === "log") {
    for (let line = 0; line < 2000; line += 1) logger.info("line", { line, padding });
  }
  if (command === "exit") void leave();
  else setImmediate(report);
});

if (process.argv[2] === "exit") {
  logger.error("last words");
  process.exit(3);
}
if (process.argv[2] === "throw") {
  logger.error("last words");
  throw new Error("on purpose");
}

function report(): void {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ dropped: logger.dropped(), bytes: heapUsed + external });
}

async function leave(): Promise<void> {
  await logger.close();
  process.exit(0);
}
