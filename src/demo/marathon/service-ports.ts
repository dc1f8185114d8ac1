import type { AppPort } from "./app-definition.ts";

/** Marathon's `local_port_min` and `local_port_max`, both inclusive. */
export const servicePortRange = { first: 10_000, last: 20_000 } as const;

export interface PortsInUse {
  /** Service ports of every app, before and after the change. */
  readonly taken: ReadonlySet<number>;
  /** Service ports the same app had before: they are used again first, so that posting 0 again keeps them. */
  readonly previous: readonly number[];
}

/** Gives each port that asks for 0 the lowest free service port; undefined when there are not enough. [marathon: service ports] */
export function assignServicePorts(
  ports: readonly AppPort[],
  { taken, previous }: PortsInUse,
): readonly AppPort[] | undefined {
  const explicit = new Set(ports.map((port) => port.servicePort));
  const kept = previous.filter((port) => inRange(port) && !explicit.has(port));
  const used = new Set([...taken, ...explicit]);
  let candidate: number = servicePortRange.first;
  const next = (): number => {
    const again = kept.shift();
    if (again !== undefined) return again;
    while (used.has(candidate)) candidate += 1;
    used.add(candidate);
    return candidate;
  };
  const assigned = ports.map((port) =>
    port.servicePort === 0 ? { ...port, servicePort: next() } : port,
  );
  return candidate <= servicePortRange.last ? assigned : undefined;
}

function inRange(port: number): boolean {
  return port >= servicePortRange.first && port <= servicePortRange.last;
}
