import { balancePolicies, defaultPolicy, localities } from "../../model/policy.ts";
import { choice } from "../choices.ts";
import { duration, wholeNumber } from "../numbers.ts";
import { hosts } from "../texts.ts";
import type { Options } from "../option.ts";

const hour = 3_600_000;
const million = 1_000_000;

export const balancingOptions: Options<
  | "balance"
  | "locality"
  | "hostNames"
  | "replicaLimit"
  | "groupSize"
  | "queueTimeoutMs"
  | "slowStartMs"
> = {
  balance: {
    flag: "balance",
    describe: "How a replica is picked, for services that do not say",
    reader: choice(balancePolicies),
    fallback: defaultPolicy.balance,
    isLive: true,
  },
  locality: {
    flag: "locality",
    describe: "Replicas on this host: any as others, prefer them, or only them",
    reader: choice(localities),
    fallback: defaultPolicy.locality,
    isLive: true,
  },
  hostNames: {
    flag: "host-name",
    alsoFlags: ["hostname"],
    describe: "Names, addresses and agent ids of this host, beside its own name and addresses",
    reader: hosts,
    fallback: Object.freeze([]),
  },
  replicaLimit: {
    flag: "replica-limit",
    describe: "Connections to one replica at the same time, 0 for no limit; more wait",
    reader: wholeNumber({ least: 0, most: million }),
    fallback: defaultPolicy.replicaLimit,
    isLive: true,
  },
  groupSize: {
    flag: "group-size",
    describe: "Hosts that share a replica's limit: each takes its part, rounded up",
    reader: wholeNumber({ least: 1, most: 100_000 }),
    fallback: 1,
    isLive: true,
  },
  queueTimeoutMs: {
    flag: "queue-timeout",
    describe: "How long a connection waits for a replica with room",
    reader: duration({ least: 1, most: hour }),
    fallback: defaultPolicy.queueTimeoutMs,
    isLive: true,
  },
  slowStartMs: {
    flag: "slow-start",
    describe: "Time over which a new replica's share grows to its weight, 0 for at once",
    reader: duration({ least: 0, most: hour }),
    fallback: defaultPolicy.slowStartMs,
    isLive: true,
  },
};
