import { onOff } from "../choices.ts";
import { duration, wholeNumber } from "../numbers.ts";
import { filePath, host, names, urls } from "../texts.ts";
import type { Options } from "../option.ts";

const second = 1000;
const day = 86_400_000;

export const discoveryOptions: Options<
  | "marathon"
  | "marathonHost"
  | "marathonPort"
  | "marathonAuthFile"
  | "marathonCa"
  | "marathonCert"
  | "marathonKey"
  | "groups"
  | "enableTcp"
  | "enableUdp"
  | "exposeHost"
  | "pods"
  | "refreshIntervalMs"
  | "shrinkGuard"
> = {
  marathon: {
    flag: "marathon",
    alias: "m",
    alsoEnv: ["MARATHON_URL"],
    describe: "URLs of Marathon's members, by commas or repeated; tried in this order",
    reader: urls,
    fallback: Object.freeze([]),
    isSource: true,
  },
  marathonHost: {
    flag: "marathon-host",
    alsoFlags: ["marathon-ip"],
    describe: "Host of one Marathon, the same as --marathon http://host:port",
    reader: host,
    fallback: undefined,
    isSource: true,
  },
  marathonPort: {
    flag: "marathon-port",
    describe: "Its port, used with --marathon-host",
    reader: wholeNumber({ least: 1, most: 65_535 }),
    fallback: 8080,
  },
  marathonAuthFile: {
    flag: "marathon-auth-file",
    describe: "File with user:password or an authorization header value for Marathon",
    reader: filePath,
    fallback: undefined,
  },
  marathonCa: {
    flag: "marathon-ca",
    describe: "PEM file of the authorities to trust for https, in place of the system's",
    reader: filePath,
    fallback: undefined,
  },
  marathonCert: {
    flag: "marathon-cert",
    describe: "PEM file of the certificate to show to a Marathon that asks for one",
    reader: filePath,
    fallback: undefined,
  },
  marathonKey: {
    flag: "marathon-key",
    describe: "PEM file of that certificate's private key",
    reader: filePath,
    fallback: undefined,
  },
  groups: {
    flag: "groups",
    alsoFlags: ["filter-groups"],
    describe: "Groups whose ports are forwarded, by label lb-group and the like; * for all",
    reader: names,
    fallback: Object.freeze(["*"]),
  },
  enableTcp: {
    flag: "enable-tcp",
    describe: "Forward TCP services",
    reader: onOff,
    fallback: true,
  },
  enableUdp: {
    flag: "enable-udp",
    describe: "Forward UDP services",
    reader: onOff,
    fallback: true,
  },
  exposeHost: {
    flag: "expose-host",
    alias: "e",
    describe: "Forward services whose replicas listen on the service port itself, too",
    reader: onOff,
    fallback: true,
  },
  pods: {
    flag: "pods",
    describe: "Forward endpoints of pods that carry a service port by label, too",
    reader: onOff,
    fallback: false,
  },
  refreshIntervalMs: {
    flag: "refresh-interval",
    alias: "i",
    describe: "Longest time between two full looks at a source, events or not",
    reader: duration({ least: second, most: day }),
    fallback: 60 * second,
  },
  shrinkGuard: {
    flag: "shrink-guard",
    describe: "Hold back an answer that would remove most replicas at once until it is confirmed",
    reader: onOff,
    fallback: true,
  },
};
