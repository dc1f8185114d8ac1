import { defaultCheckPolicy, type CheckPolicy } from "../model/check.ts";
import { defaultPolicy, type ServicePolicy } from "../model/policy.ts";
import type { Config } from "./settings.ts";

/** What applies to a service whose labels say nothing: the flags, and the built-in policy where there is no flag. */
export function policyOf(config: Config): ServicePolicy {
  return {
    ...defaultPolicy,
    balance: config.balance,
    locality: config.locality,
    maxConnections: config.maxConnections,
    replicaLimit: config.replicaLimit,
    queueTimeoutMs: config.queueTimeoutMs,
    slowStartMs: config.slowStartMs,
    idleMs: config.idleTimeoutMs,
    accessLog: config.accessLog !== "off",
  };
}

/** How replicas are checked where labels and sources do not say. */
export function checkPolicyOf(config: Config): CheckPolicy {
  return {
    ...defaultCheckPolicy,
    health: config.enableHealthChecks ? config.health : "marathon",
    intervalMs: config.checkIntervalMs,
    fastIntervalMs: config.checkFastIntervalMs,
    timeoutMs: config.checkTimeoutMs,
    rise: config.checkRise,
    fall: config.checkFall,
  };
}
