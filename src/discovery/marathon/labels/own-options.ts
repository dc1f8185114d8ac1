import { balancePolicies, localities } from "../../../model/policy.ts";
import type { PortSettings } from "./reading.ts";
import { choice, duration, networks, onlyNetworks, onOff } from "./values.ts";
import { proxyVersion, wholeNumber, type ValueReader } from "./values.ts";

/** One option as an app owner writes it. */
export interface OwnOption<T> {
  /** What follows `portolan.<N>.`. */
  readonly option: string;
  readonly reader: ValueReader<T>;
  readonly meaning: string;
}

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const million = 1_000_000;

/** Every option of our own labels; the README's table is read from here. */
export const ownOptions: { readonly [K in keyof PortSettings]: OwnOption<PortSettings[K]> } = {
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
};
