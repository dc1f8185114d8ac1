import { findExternal } from "../contenders/external.ts";
import { figureIn, limitMs, outputOf } from "./command.ts";
import type { Generator } from "./generator.ts";

const answerBytes = 128;

/** wrk with one thread and 32 connections: lasting ones, or a new one for each request. Its unit is a request. */
export function wrk(isLasting: boolean): Generator {
  return {
    name: "wrk",
    find: () => findExternal("wrk", ["-v"]),
    async run({ target: { host, port }, seconds, cpus }) {
      const closing = isLasting ? [] : ["-H", "Connection: close"];
      const url = `http://${host}:${port}/${answerBytes}`;
      const args = ["-t1", "-c32", `-d${seconds}s`, ...closing, url];
      const command = { command: "wrk", args, cpus, withinMs: limitMs(seconds) };
      const output = await outputOf(command);
      const [failure] = /(?:Socket errors|Non-2xx).*/.exec(output) ?? [];
      if (failure !== undefined) throw new Error(`wrk: ${failure}`);
      return figureIn(output, /(\d+) requests in/);
    },
  };
}
