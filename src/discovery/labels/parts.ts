import { defaultCheckPolicy, type CheckPolicy } from "../../model/check.ts";
import type { HostClaims } from "../../model/host-claims.ts";
import { defaultPolicy, type ServicePolicy } from "../../model/policy.ts";
import type { CheckWish } from "../../model/service.ts";
import type { PortReading, PortSettings } from "./reading.ts";

/** The settings that say how a port is forwarded. */
export function policyOf(settings: Partial<PortSettings>): Partial<ServicePolicy> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => Object.hasOwn(defaultPolicy, name)),
  );
}

/** Whether a host that serves some groups offers the port; `*` is every port, an empty name those without a group. */
export function isOffered(settings: Partial<PortSettings>, served: readonly string[]): boolean {
  // A port without a group has the empty one, as mmsd's filter has it.
  const { enabled = true, groups = [""] } = settings;
  return enabled && (served.includes("*") || groups.some((group) => served.includes(group)));
}

/** The settings that say how its replicas are checked, each with its label. */
export function checkOf({ settings, labels }: PortReading): CheckWish {
  const wish: Record<string, { value: unknown; from: string }> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (isCheckName(name)) wish[name] = { value, from: `label ${labels[name] ?? name}` };
  }
  return wish;
}

/** The host names it claims; undefined for none. */
export function hostsOf({
  httpHosts = [],
  httpDefault = false,
  tlsHosts = [],
  tlsDefault = false,
}: Partial<PortSettings>): HostClaims | undefined {
  if (httpHosts.length + tlsHosts.length === 0 && !httpDefault && !tlsDefault) return undefined;
  return { http: httpHosts, httpDefault, tls: tlsHosts, tlsDefault };
}

function isCheckName(name: string): name is keyof CheckPolicy {
  return Object.hasOwn(defaultCheckPolicy, name);
}
