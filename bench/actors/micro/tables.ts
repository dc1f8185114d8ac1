import { toServices } from "../../../src/discovery/marathon/to-services.ts";
import { parseApps } from "../../../src/discovery/marathon/wire.ts";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { Service } from "../../../src/model/service.ts";
import { RouteBuilder } from "../../../src/routing/build.ts";
import { diffRoutes } from "../../../src/routing/diff.ts";
import { guardLoss } from "../../../src/routing/guard.ts";
import type { Route } from "../../../src/routing/table.ts";
import { marathonOptions, renderLargeList } from "./large-list.ts";
import { type MicroCase, Sink } from "./micro-case.ts";

const size = "1000 routes × 10 replicas";

/** What the controller does with an answer of 1,000 services with 10 replicas. */
export function makeTableCases(): MicroCase[] {
  const sink = new Sink();
  const body = renderLargeList({ padBytesPerTask: 0 }).toString();
  // Read anew each time, since equal values must not be the same objects.
  const read = (): readonly Service[] =>
    toServices(parseApps(JSON.parse(body))?.apps ?? [], marathonOptions).services;
  const served = read();
  const services = read();
  const before = routesOf(served);
  const same = routesOf(services);
  const after = routesOf(
    services.map((service, index) => (index === 0 ? shrunk(service) : service)),
  );
  const answer = { services, confirmedGone: new Set<string>() };
  const once = (name: string, run: () => unknown): MicroCase => {
    return { name, operations: 1, run: () => sink.take(run()) };
  };
  return [
    once(`diff of ${size}, equal`, () => diffRoutes(before, same)),
    once(`diff of ${size}, one changed`, () => diffRoutes(before, after)),
    once(`build of ${size}`, () => routesOf(services, before)),
    once("guard against mass loss, 10 000 tasks", () =>
      guardLoss(answer, { served, doubts: new Map(), now: 0 }),
    ),
  ];
}

function shrunk(service: Service): Service {
  return { ...service, replicas: service.replicas.slice(1) };
}

function routesOf(
  services: readonly Service[],
  incumbents: readonly Route[] = [],
): readonly Route[] {
  const standing = { state: "up", reason: "all 1 checks pass", since: 0 } as const;
  const input = {
    services,
    standingsOf: ({ replicas }: Service) => replicas.map(() => standing),
    incumbents,
    ports: {
      firstPort: 1,
      lastPort: 65_535,
      reserved: new Map<string, string>(),
      sources: [],
      mergesSources: false,
    },
    defaultPolicy,
    groupSize: 1,
    isOwnHost: (): boolean => false,
    isOwnPort: () => false,
  };
  return new RouteBuilder().build(input).routes;
}
