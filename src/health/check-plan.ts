import type { CheckPolicy } from "../model/check.ts";
import type { Service } from "../model/service.ts";

/** How the replicas of one service are checked, and who decided each part of it. */
export interface CheckPlan {
  readonly check: CheckPolicy;
  /** What is not here is as the flags say. */
  readonly from: { readonly [K in keyof CheckPolicy]?: string };
}

/** What the flags say, with what the service wishes in its place. */
export function planOf(service: Service, defaults: CheckPolicy): CheckPlan {
  const wishes = Object.entries(service.check);
  const wished: Partial<CheckPolicy> = Object.fromEntries(
    wishes.map(([name, { value }]) => [name, value]),
  );
  const from: Record<string, string> = Object.fromEntries(
    wishes.map(([name, wish]) => [name, wish.from]),
  );
  const check = { ...defaults, ...wished };
  // What answers on a UDP port, and to what, cannot be guessed: nobody is asked unless a label says how.
  const isMute = service.protocol === "udp" && service.check.kind === undefined;
  if (!isMute) return { check, from };
  return { check: { ...check, health: "marathon" }, from: { ...from, health: "protocol udp" } };
}
