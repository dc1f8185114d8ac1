#!/usr/bin/env node
import { earlySignals } from "./wiring/early-signals.ts";

// The rest takes half a second to read, and a reload may be asked for as soon as there is a process.
earlySignals.listen();
const { main } = await import("./program.ts");

process.exitCode = await main(process.argv.slice(2));
// Whatever still holds the process, such as a log reader that has stalled, has had its time.
setTimeout(() => process.exit(), 1000).unref();
