import { checkKinds, healthModes, type CheckPolicy } from "../../model/check.ts";
import type { OwnOptions } from "./own-option.ts";
import { text } from "./texts.ts";
import { choice, duration, numberOf, wholeNumber } from "./values.ts";

const day = 86_400_000;
const status = { least: 100, most: 599 } as const;
const times = { least: 1, most: 100 } as const;

/** How replicas are checked. */
export const checkOptions: OwnOptions<keyof CheckPolicy | "checkPortIndex"> = {
  health: {
    option: "health",
    reader: choice(healthModes),
    meaning: "Whose word counts: the source's, our probes', or both",
  },
  kind: {
    option: "check",
    reader: choice(checkKinds),
    meaning: "What a probe asks; unless set, as the app's own check of the port, else tcp",
  },
  path: {
    option: "check-path",
    reader: text({
      longest: 2048,
      grammar: /^\/[\x21-\x7e]*$/,
      what: "a path of visible characters",
    }),
    meaning: "What an http or https probe asks for",
  },
  host: {
    option: "check-host",
    reader: text({ longest: 253, grammar: /^[\w.:[\]-]*$/, what: "a host name" }),
    meaning: "Host header of an http probe, server name of tls and https",
  },
  leastStatus: {
    option: "check-status-from",
    reader: wholeNumber(status),
    meaning: "Lowest status of an http answer that counts as well",
  },
  mostStatus: {
    option: "check-status-to",
    reader: wholeNumber(status),
    meaning: "Highest status of an http answer that counts as well",
  },
  send: {
    option: "check-send",
    reader: text({ longest: 4096, grammar: /^/, what: "a text" }),
    meaning:
      "What a send-expect or udp probe sends; `\\r`, `\\n`, `\\t`, `\\\\` and `\\xHH` are understood",
  },
  expect: {
    option: "check-expect",
    reader: text({ longest: 4096, grammar: /^/, what: "a text" }),
    meaning: "Bytes that its answer must contain; empty takes any answer",
  },
  intervalMs: {
    option: "check-interval",
    reader: duration({ least: 100, most: day }),
    meaning: "Time between the starts of two probes",
  },
  fastIntervalMs: {
    option: "check-fast-interval",
    reader: duration({ least: 100, most: day }),
    meaning: "The same while the answers contradict the verdict",
  },
  timeoutMs: {
    option: "check-timeout",
    reader: duration({ least: 10, most: 600_000 }),
    meaning: "Time for one probe, from connecting to its last byte",
  },
  rise: {
    option: "check-rise",
    reader: wholeNumber(times),
    meaning: "Good probes in a row that bring a replica up",
  },
  fall: {
    option: "check-fall",
    reader: wholeNumber(times),
    meaning: "Bad probes in a row that take a replica down",
  },
  checkPortIndex: {
    option: "check-port-index",
    reader: numberOf({ least: 0, most: 65_535 }),
    meaning: "Probe another of the app's ports, counted from 0",
  },
};
