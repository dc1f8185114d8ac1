import { wholeNumber, wholeNumberOrAuto } from "../numbers.ts";
import { filePath, socketPath } from "../texts.ts";
import type { Options } from "../option.ts";

export const runtimeOptions: Options<"workers" | "shedMemoryAt" | "takeover" | "configFile"> = {
  workers: {
    flag: "workers",
    describe: "Threads that forward, or auto for one per core",
    reader: wholeNumberOrAuto({ least: 1, most: 64 }),
    fallback: 1,
  },
  shedMemoryAt: {
    flag: "shed-memory-at",
    describe: "Percent of the memory there may be at which connections are shed, 0 for never",
    reader: wholeNumber({ least: 0, most: 100 }),
    fallback: 85,
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
