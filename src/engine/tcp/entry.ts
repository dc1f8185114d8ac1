import type { Outcome } from "../../model/outcome.ts";
import type { ServicePolicy } from "../../model/policy.ts";
import type { PortHost } from "./connection-host.ts";

/** True where something depends on who the client is; to look that up is a system call. */
export function addressMatters(policy: ServicePolicy, admits: PortHost["admits"]): boolean {
  return admits !== undefined || policy.balance === "source" || policy.sendProxy !== 0;
}

/**
 * Why a client from this address may not enter where it matters; undefined when it may. Who has reset already has no
 * address any more, `""`: nobody can say whether it may, or announce it.
 */
export function whyNot(host: string, admits: PortHost["admits"]): Outcome | undefined {
  if (host === "") return "client-gone";
  return admits?.(host) === false ? "denied" : undefined;
}
