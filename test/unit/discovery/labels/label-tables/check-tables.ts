import { notNumbers, notTimes, timeUpToADay, wordsOf, type Table, type Tables } from "./table.ts";

function status(setting: "leastStatus" | "mostStatus"): Table {
  const good = [
    ["100", 100],
    ["599", 599],
  ] as const;
  const mended = [
    ["0", 100, ": taken as 100"],
    ["600", 599, ": taken as 599"],
  ] as const;
  return { setting, good, mended, bad: notNumbers };
}

function times(setting: "rise" | "fall"): Table {
  const good = [
    ["1", 1],
    ["100", 100],
  ] as const;
  const mended = [
    ["0", 1, ": taken as 1"],
    ["1000000000", 100, ": taken as 100"],
  ] as const;
  return { setting, good, mended, bad: notNumbers };
}

function anyText(setting: "send" | "expect"): Table {
  const good = [
    ["", ""],
    ["PING\\r\\n", "PING\\r\\n"],
    [" a b ", " a b "],
  ] as const;
  return { setting, good, mended: [], bad: [] };
}

/** By option, in the order of the options. */
export const checkTables: Tables = {
  health: wordsOf("health", "marathon", "local", "both"),
  check: wordsOf(
    "kind",
    "tcp",
    "tls",
    "http",
    "https",
    "redis",
    "redis-slave",
    "smtp",
    "send-expect",
    "udp",
  ),
  "check-path": {
    setting: "path",
    good: [
      ["/", "/"],
      ["/health?full=1&x=%20", "/health?full=1&x=%20"],
    ],
    mended: [],
    bad: ["", "health", "http://evil/", "/a b", "/\u00e4"],
  },
  "check-host": {
    setting: "host",
    good: [
      ["", ""],
      ["web.example.com", "web.example.com"],
      ["web:8080", "web:8080"],
      ["[::1]:80", "[::1]:80"],
    ],
    mended: [],
    bad: [" ", "a b", "a/b", "a@b"],
  },
  "check-status-from": status("leastStatus"),
  "check-status-to": status("mostStatus"),
  "check-send": anyText("send"),
  "check-expect": anyText("expect"),
  "check-interval": timeUpToADay("intervalMs", "100ms", 100),
  "check-fast-interval": timeUpToADay("fastIntervalMs", "100ms", 100),
  "check-timeout": {
    setting: "timeoutMs",
    good: [
      ["10ms", 10],
      ["2", 2000],
      ["10m", 600_000],
    ],
    mended: [
      ["0", 10, ": taken as 10ms"],
      ["11m", 600_000, ": taken as 10m"],
    ],
    bad: notTimes,
  },
  "check-rise": times("rise"),
  "check-fall": times("fall"),
  "check-port-index": {
    setting: "checkPortIndex",
    good: [
      ["0", 0],
      ["65535", 65_535],
    ],
    mended: [],
    bad: [...notNumbers, "-1", "65536"],
  },
};
