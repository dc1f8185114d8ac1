import { defaultPolicy } from "../../model/policy.ts";
import { duration, ports, wholeNumber } from "../numbers.ts";
import { addresses, networks } from "../texts.ts";
import type { Options } from "../option.ts";

const second = 1000;
const day = 86_400_000;
const million = 1_000_000;

export const listenersOptions: Options<
  "bind" | "portRange" | "maxConnections" | "idleTimeoutMs" | "drainTimeoutMs" | "proxyTrusted"
> = {
  bind: {
    flag: "bind",
    alsoFlags: ["bind-ip"],
    describe: "IP addresses that service ports bind to",
    reader: addresses,
    fallback: Object.freeze(["127.0.0.1"]),
  },
  portRange: {
    flag: "port-range",
    describe: "Service ports that apps may claim",
    reader: ports,
    fallback: Object.freeze({ first: 1, last: 65_535 }),
    isLive: true,
  },
  maxConnections: {
    flag: "max-connections",
    describe: "Connections per service at the same time",
    reader: wholeNumber({ least: 1, most: million }),
    fallback: defaultPolicy.maxConnections,
    isLive: true,
  },
  idleTimeoutMs: {
    flag: "idle-timeout",
    describe: "No byte in either direction for this long ends a connection",
    reader: duration({ least: second, most: day }),
    fallback: defaultPolicy.idleMs,
    isLive: true,
  },
  drainTimeoutMs: {
    flag: "drain-timeout",
    describe: "Time that running connections get at shutdown",
    reader: duration({ least: 1, most: day }),
    fallback: 30 * second,
    isLive: true,
  },
  proxyTrusted: {
    flag: "proxy-trusted",
    describe: "Addresses and networks whose PROXY headers are believed",
    reader: networks,
    fallback: Object.freeze([]),
  },
};
