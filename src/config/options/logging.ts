import { logLevels } from "../../model/logger.ts";
import { choice, logFormats, onOff } from "../choices.ts";
import type { Options } from "../option.ts";

export const loggingOptions: Options<"logLevel" | "logFormat" | "verbose"> = {
  logLevel: {
    flag: "log-level",
    describe: "Least severe lines to write: debug, info, warn or error",
    reader: choice(logLevels),
    fallback: "info",
    isLive: true,
  },
  logFormat: {
    flag: "log-format",
    describe: "json, text, or auto: text on a terminal, json elsewhere",
    reader: choice(logFormats),
    fallback: "auto",
  },
  verbose: {
    flag: "verbose",
    alias: "v",
    describe: "The same as --log-level debug",
    reader: onOff,
    fallback: false,
    isLive: true,
  },
};
