import type { Clock, Random } from "../../src/model/clock.ts";
import type { Logger } from "../../src/model/logger.ts";
import { keepingLogger } from "./running-source.ts";

/** What every source takes besides its own options, without chance in it. */
export function steady(lines: string[] = []): { clock: Clock; random: Random; logger: Logger } {
  return { clock: Date.now, random: () => 0.5, logger: keepingLogger(lines) };
}
