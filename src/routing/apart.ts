import { serviceKey, type Service } from "../model/service.ts";
import { strengthOf, type Claimed, type PortPolicy } from "./claims.ts";

/**
 * What apps have on ports that are not theirs alone, each as if the port were its own: the parts of shared ports, and
 * what was refused its port. Empty where every app has its ports to itself.
 */
export function claimsApart(
  services: readonly Service[],
  claims: readonly Claimed[],
  policy: Pick<PortPolicy, "sources">,
): readonly Claimed[] {
  const parts = claims.flatMap((claim) => partsOf(claim));
  const served = claims.reduce((sum, { sharers }) => sum + 1 + sharers.length, 0);
  const all = served === services.length ? parts : [...parts, ...lost(services, claims, policy)];
  return all.toSorted((one, other) => (placeOf(one.service) < placeOf(other.service) ? -1 : 1));
}

/** Several sources may list one app: then it has one part. */
function partsOf({ service, sharers }: Claimed): readonly Claimed[] {
  if (sharers.every(({ app }) => app === service.app)) return [];
  const byApp = Map.groupBy([service, ...sharers], ({ app }) => app);
  return [...byApp.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ service: first, sharers: others }],
  );
}

/** Of an app that several sources list, what the strongest says; nothing of one that is served there by another. */
function lost(
  services: readonly Service[],
  claims: readonly Claimed[],
  policy: Pick<PortPolicy, "sources">,
): readonly Claimed[] {
  const served = claims.flatMap(({ service, sharers }) => [service, ...sharers]);
  const heard = new Set(served);
  const others = services.filter((service) => !heard.has(service));
  // Few of many: only ports that somebody lost are looked at.
  const ports = new Set(others.map(({ port }) => port));
  const known = new Set(served.filter(({ port }) => ports.has(port)).map(placeOf));
  const found: Claimed[] = [];
  for (const service of others.toSorted((a, b) => strengthOf(a, policy) - strengthOf(b, policy))) {
    const place = placeOf(service);
    if (!known.has(place)) found.push({ service, sharers: [] });
    known.add(place);
  }
  return found;
}

function placeOf(service: Service): string {
  return `${serviceKey(service)} ${service.app}`;
}
