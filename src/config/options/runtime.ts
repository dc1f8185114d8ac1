import { wholeNumberOrAuto } from "../numbers.ts";
import { filePath } from "../texts.ts";
import type { Options } from "../option.ts";

export const runtimeOptions: Options<"workers" | "configFile"> = {
  workers: {
    flag: "workers",
    describe: "Threads that forward, or auto for one per core",
    reader: wholeNumberOrAuto({ least: 1, most: 64 }),
    fallback: 1,
  },
  configFile: {
    flag: "config",
    describe: "YAML or JSON file with any of these options, named as here without the dashes",
    reader: filePath,
    fallback: undefined,
    notInFile: true,
  },
};
