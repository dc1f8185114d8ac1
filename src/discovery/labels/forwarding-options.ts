import {
  balancePolicies,
  datagramModes,
  httpReuses,
  localities,
  type ServicePolicy,
} from "../../model/policy.ts";
import type { OwnOptions } from "./own-option.ts";
import { token } from "./texts.ts";
import { choice, duration, networks, onlyNetworks, onOff } from "./values.ts";
import { proxyVersion, wholeNumber } from "./values.ts";

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const million = 1_000_000;

/** How a port is forwarded. */
export const forwardingOptions: OwnOptions<keyof ServicePolicy | "weight"> = {
  balance: {
    option: "balance",
    reader: choice(balancePolicies),
    meaning: "How a replica is picked for a connection",
  },
  locality: {
    option: "locality",
    reader: choice(localities),
    meaning: "Whether replicas on the client's host come first, or alone",
  },
  weight: {
    option: "weight",
    reader: wholeNumber({ least: 0, most: 1000 }),
    meaning: "Share of the traffic of each replica of this app, 500 unless set; 0 takes none",
  },
  maxConnections: {
    option: "max-connections",
    reader: wholeNumber({ least: 1, most: million }),
    meaning: "Connections at the same time, on each host; more are reset",
  },
  replicaLimit: {
    option: "replica-limit",
    reader: wholeNumber({ least: 0, most: million }),
    meaning: "Connections to one replica at the same time; more wait; 0 is no limit",
  },
  queueTimeoutMs: {
    option: "queue-timeout",
    reader: duration({ least: 1, most: hour }),
    meaning: "How long a connection waits for a replica with room",
  },
  slowStartMs: {
    option: "slow-start",
    reader: duration({ least: 0, most: hour }),
    meaning: "Time over which a new replica's share grows to its weight; 0 gives it at once",
  },
  idleMs: {
    option: "idle-timeout",
    reader: duration({ least: second, most: day }),
    meaning: "No byte in either direction for this long ends a connection",
  },
  closeOnDown: {
    option: "close-on-down",
    reader: onOff,
    meaning: "Reset the connections of a replica that goes down",
  },
  drainMs: {
    option: "drain-timeout",
    reader: duration({ least: 0, most: day }),
    meaning: "How long connections of a leaving replica may go on; 0 lets them end by themselves",
  },
  acceptProxy: {
    option: "accept-proxy",
    reader: onOff,
    meaning: "Clients begin with a PROXY header; only those of `--proxy-trusted` may connect",
  },
  sendProxy: {
    option: "send-proxy",
    reader: proxyVersion,
    meaning: "Begin connections to replicas with a PROXY header of this version",
  },
  allow: {
    option: "allow",
    reader: onlyNetworks,
    meaning: "Clients that may connect, all unless set; if no entry is valid, none",
  },
  deny: {
    option: "deny",
    reader: networks,
    meaning: "Clients that may not connect; stronger than `allow`",
  },
  datagrams: {
    option: "datagrams",
    reader: choice(datagramModes),
    meaning:
      "Of UDP: a client stays on one replica, each datagram is balanced, or all replicas get it",
  },
  sessionIdleMs: {
    option: "session-timeout",
    reader: duration({ least: 100, most: day }),
    meaning: "No datagram in either direction for this long ends a UDP session",
  },
  maxSessions: {
    option: "max-sessions",
    reader: wholeNumber({ least: 1, most: 65_536 }),
    meaning: "UDP sessions at the same time, on each host; the least recently used one makes room",
  },
  expectedReplies: {
    option: "expected-replies",
    reader: wholeNumber({ least: 0, most: million }),
    meaning: "Answers to a UDP request after which its session ends; 0 is no limit",
  },
  httpReuse: {
    option: "http-reuse",
    reader: choice(httpReuses),
    meaning: "Which connections outlive an HTTP request: both, the client's alone, or none",
  },
  stickyCookie: {
    option: "sticky-cookie",
    reader: token,
    meaning: "Name of the cookie that keeps an HTTP client on its replica",
  },
  via: {
    option: "via",
    reader: token,
    meaning: "What this proxy is called in `Via` of HTTP requests and answers; empty for none",
  },
  clientTimeoutMs: {
    option: "client-timeout",
    reader: duration({ least: 1, most: day }),
    meaning: "How long an HTTP client may be silent within a request and between two",
  },
  accessLog: {
    option: "access-log",
    reader: onOff,
    meaning: "Whether connections, or requests in HTTP mode, are lines of the access log",
  },
  serverTimeoutMs: {
    option: "server-timeout",
    reader: duration({ least: 1, most: day }),
    meaning: "How long a replica may take to begin an HTTP answer, and be silent within it",
  },
};
