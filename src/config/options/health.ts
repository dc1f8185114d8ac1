import { defaultCheckPolicy, healthModes } from "../../model/check.ts";
import { choice, onOff } from "../choices.ts";
import { duration, wholeNumber } from "../numbers.ts";
import { filePath } from "../texts.ts";
import type { Options } from "../option.ts";

const second = 1000;
const hour = 3_600_000;
const day = 86_400_000;

export const healthOptions: Options<
  | "connectTimeoutMs"
  | "enableHealthChecks"
  | "health"
  | "checkIntervalMs"
  | "checkFastIntervalMs"
  | "checkTimeoutMs"
  | "checkRise"
  | "checkFall"
  | "checkSecrets"
> = {
  connectTimeoutMs: {
    flag: "connect-timeout",
    describe: "Time for one attempt to reach a replica",
    reader: duration({ least: 1, most: hour }),
    fallback: 3 * second,
  },
  enableHealthChecks: {
    flag: "enable-health-checks",
    describe: "Probe replicas; --no-enable-health-checks is the same as --health marathon",
    reader: onOff,
    fallback: true,
    isLive: true,
  },
  health: {
    flag: "health",
    describe: "Whose word counts: marathon (the source's), local (our probes'), or both",
    reader: choice(healthModes),
    fallback: defaultCheckPolicy.health,
    isLive: true,
  },
  checkIntervalMs: {
    flag: "check-interval",
    describe: "Time between two probes of a replica, where neither a label nor its own check says",
    reader: duration({ least: 100, most: day }),
    fallback: defaultCheckPolicy.intervalMs,
    isLive: true,
  },
  checkFastIntervalMs: {
    flag: "check-fast-interval",
    describe: "The same while the answers contradict the verdict, and for roles of Redis",
    reader: duration({ least: 100, most: day }),
    fallback: defaultCheckPolicy.fastIntervalMs,
    isLive: true,
  },
  checkTimeoutMs: {
    flag: "check-timeout",
    describe: "Time for one whole probe",
    reader: duration({ least: 10, most: 600 * second }),
    fallback: defaultCheckPolicy.timeoutMs,
    isLive: true,
  },
  checkRise: {
    flag: "check-rise",
    describe: "Good probes in a row that bring a replica up",
    reader: wholeNumber({ least: 1, most: 100 }),
    fallback: defaultCheckPolicy.rise,
    isLive: true,
  },
  checkFall: {
    flag: "check-fall",
    describe: "Bad probes in a row that take a replica down",
    reader: wholeNumber({ least: 1, most: 100 }),
    fallback: defaultCheckPolicy.fall,
    isLive: true,
  },
  checkSecrets: {
    flag: "check-secrets",
    describe: "YAML or JSON file: app id to the password that its Redis wants to hear",
    reader: filePath,
    fallback: undefined,
  },
};
