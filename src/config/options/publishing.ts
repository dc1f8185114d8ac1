import { choice, fileNamings, onOff } from "../choices.ts";
import { duration, wholeNumber } from "../numbers.ts";
import { portOrNone } from "../places.ts";
import type { Options } from "../option.ts";
import { commandLine, filePath, matching } from "../texts.ts";

const day = 86_400_000;

export const publishingOptions: Options<
  | "upstreamConfd"
  | "upstreamNames"
  | "upstreamHook"
  | "runStateDir"
  | "enableFiles"
  | "enableDns"
  | "dnsPort"
  | "dnsBasename"
  | "dnsTtlMs"
  | "dnsPushSrv"
  | "dnsForward"
  | "apiPort"
> = {
  upstreamConfd: {
    flag: "upstream-confd",
    describe: "Directory for a file per app and port that lists its healthy replicas",
    reader: filePath,
    fallback: undefined,
  },
  upstreamNames: {
    flag: "upstream-names",
    describe: "Names of these files: plain for an app's first port, or mmsd's with index and port",
    reader: choice(fileNamings),
    fallback: "readme",
  },
  upstreamHook: {
    flag: "upstream-hook",
    describe: "Program to run after these files have changed, with arguments, without a shell",
    reader: commandLine,
    fallback: Object.freeze([]),
  },
  runStateDir: {
    flag: "run-state-dir",
    describe: "The same as --upstream-confd DIR/confd --upstream-names mmsd, as mmsd was told",
    reader: filePath,
    fallback: undefined,
  },
  enableFiles: {
    flag: "enable-files",
    describe: "Write these files, where a directory is named",
    reader: onOff,
    fallback: true,
  },
  enableDns: {
    flag: "enable-dns",
    describe: "Answer DNS queries for apps: A, AAAA, SRV and TXT of healthy replicas",
    reader: onOff,
    fallback: false,
  },
  dnsPort: {
    flag: "dns-port",
    describe: "Its port, for UDP and TCP, where service ports bind",
    reader: wholeNumber({ least: 1, most: 65_535 }),
    fallback: 53,
  },
  dnsBasename: {
    flag: "dns-basename",
    describe: "What the names of apps end in: /shop/web is web.shop.<this>",
    reader: matching("a domain name", (text) =>
      /^(?=.{1,200}$)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(text),
    ),
    fallback: "mmsd.",
  },
  dnsTtlMs: {
    flag: "dns-ttl",
    describe: "How long answers may be kept",
    reader: duration({ least: 0, most: day }),
    fallback: 5000,
  },
  dnsPushSrv: {
    flag: "dns-push-srv",
    describe: "Add SRV records to answers of addresses",
    reader: onOff,
    fallback: false,
  },
  dnsForward: {
    flag: "dns-forward",
    describe: "Ask this host's resolvers for names that are not ours; otherwise they are refused",
    reader: onOff,
    fallback: false,
  },
  apiPort: {
    flag: "api-port",
    describe: "A further port for /v1/apps and the like, where service ports bind",
    reader: portOrNone,
    fallback: undefined,
  },
};
