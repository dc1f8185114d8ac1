import { notNumbers, notTimes, switchOf, timeUpToADay, wordsOf, type Tables } from "./table.ts";

const all = ["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"];

/** By option, in the order of the options. */
export const forwardingTables: Tables = {
  balance: wordsOf("balance", "leastconn", "roundrobin", "random2", "source", "first"),
  locality: wordsOf("locality", "any", "prefer", "only"),
  weight: {
    setting: "weight",
    good: [
      ["0", 0],
      ["-0", 0],
      ["1", 1],
      [" 500 ", 500],
      ["1000", 1000],
      ["0007", 7],
    ],
    mended: [
      ["1001", 1000, ": taken as 1000"],
      ["-1", 0, ": taken as 0"],
      ["1000000000", 1000, ": taken as 1000"],
      ["9".repeat(400), 1000, ": taken as 1000"],
    ],
    bad: notNumbers,
  },
  "max-connections": {
    setting: "maxConnections",
    good: [
      ["1", 1],
      ["1000000", 1_000_000],
    ],
    mended: [
      ["0", 1, ": taken as 1"],
      ["-1", 1, ": taken as 1"],
      ["1000001", 1_000_000, ": taken as 1000000"],
    ],
    bad: notNumbers,
  },
  "replica-limit": {
    setting: "replicaLimit",
    good: [
      ["0", 0],
      ["30", 30],
      ["1000000", 1_000_000],
    ],
    mended: [
      ["-1", 0, ": taken as 0"],
      ["1000000000", 1_000_000, ": taken as 1000000"],
    ],
    bad: notNumbers,
  },
  "queue-timeout": {
    setting: "queueTimeoutMs",
    good: [
      ["30", 30_000],
      ["500ms", 500],
      ["1h", 3_600_000],
    ],
    mended: [
      ["0", 1, ": taken as 1ms"],
      ["2h", 3_600_000, ": taken as 1h"],
      ["1000000000", 3_600_000, ": taken as 1h"],
    ],
    bad: notTimes,
  },
  "slow-start": {
    setting: "slowStartMs",
    good: [
      ["0", 0],
      ["0ms", 0],
      ["10s", 10_000],
    ],
    mended: [["3601s", 3_600_000, ": taken as 1h"]],
    bad: notTimes,
  },
  "idle-timeout": {
    setting: "idleMs",
    good: [
      ["1", 1000],
      ["2m", 120_000],
      ["24h", 86_400_000],
    ],
    mended: [
      ["0", 1000, ": taken as 1s"],
      ["1ms", 1000, ": taken as 1s"],
      ["25h", 86_400_000, ": taken as 24h"],
    ],
    bad: notTimes,
  },
  "close-on-down": switchOf("closeOnDown"),
  "drain-timeout": {
    setting: "drainMs",
    good: [
      ["0", 0],
      ["1.5s", 1500],
    ],
    mended: [["99999h", 86_400_000, ": taken as 24h"]],
    bad: notTimes,
  },
  "accept-proxy": switchOf("acceptProxy"),
  "send-proxy": {
    setting: "sendProxy",
    good: [
      ["0", 0],
      ["off", 0],
      ["1", 1],
      ["2 ", 2],
    ],
    mended: [],
    bad: ["", "3", "-1", "true", "v2", "on"],
  },
  allow: {
    setting: "allow",
    good: [
      ["10.0.0.0/8, 10.1.2.3,2001:db8::/32", all],
      ["10.0.0.0/8 10.1.2.3\t2001:db8::/32\n", all],
      ["10.1.2.3,10.1.2.3,", ["10.1.2.3"]],
    ],
    mended: [
      ["10.1.2.3,10.0.0.0/33,localhost", ["10.1.2.3"], ": left out"],
      ["10.0.0.256", ["0.0.0.0"], ": nobody is let in"],
      ["a,b,c,d,e", ["0.0.0.0"], ": nobody is let in"],
    ],
    bad: [""],
  },
  deny: {
    setting: "deny",
    good: [["10.0.0.0/8,10.1.2.3 2001:db8::/32", all]],
    mended: [["10.1.2.3,fe80::1%eth0", ["10.1.2.3"], ": left out"]],
    bad: ["", "10.0.0.256", "localhost", "*", "all"],
  },
  datagrams: wordsOf("datagrams", "session", "packet", "multicast"),
  "session-timeout": timeUpToADay("sessionIdleMs", "100ms", 100),
  "max-sessions": {
    setting: "maxSessions",
    good: [
      ["1", 1],
      ["65536", 65_536],
    ],
    mended: [
      ["0", 1, ": taken as 1"],
      ["65537", 65_536, ": taken as 65536"],
    ],
    bad: notNumbers,
  },
  "expected-replies": {
    setting: "expectedReplies",
    good: [
      ["0", 0],
      ["1", 1],
    ],
    mended: [["-1", 0, ": taken as 0"]],
    bad: notNumbers,
  },
  "http-reuse": wordsOf("httpReuse", "keep-alive", "server-close", "close"),
  "sticky-cookie": {
    setting: "stickyCookie",
    good: [
      ["", ""],
      ["srv", "srv"],
      ["a-b_c.d!", "a-b_c.d!"],
      ["x".repeat(64), "x".repeat(64)],
    ],
    mended: [],
    bad: [" ", "a b", "a;b", "a=b", "a\u00e4"],
  },
  via: {
    setting: "via",
    good: [
      ["", ""],
      ["edge-1.dc2", "edge-1.dc2"],
    ],
    mended: [],
    bad: [" ", "a b", "a,b", "a(b)", "a;b"],
  },
  "client-timeout": timeUpToADay("clientTimeoutMs", "1ms", 1),
  "access-log": switchOf("accessLog"),
  "server-timeout": timeUpToADay("serverTimeoutMs", "1ms", 1),
};
