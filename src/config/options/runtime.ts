import { wholeNumberOrAuto } from "../numbers.ts";
import { filePath, socketPath } from "../texts.ts";
import type { Options } from "../option.ts";

export const runtimeOptions: Options<"workers" | "takeover" | "configFile"> = {
  workers: {
    flag: "workers",
    describe: "Threads that forward, or auto for one per core",
    reader: wholeNumberOrAuto({ least: 1, most: 64 }),
    fallback: 1,
  },
  takeover: {
    flag: "takeover",
    describe: "Take over from the portolan that listens at this socket; a later one does from this",
    reader: socketPath,
    fallback: undefined,
  },
  configFile: {
    flag: "config",
    describe: "YAML or JSON file with any of these options, named as here without the dashes",
    reader: filePath,
    fallback: undefined,
    notInFile: true,
  },
};
