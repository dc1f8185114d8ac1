import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../../src/model/policy.ts";
import type { Service } from "../../../src/model/service.ts";
import { offersOf } from "../../../src/routing/app-ports.ts";
import { RouteBuilder, type BuildInput } from "../../../src/routing/build.ts";
import { emptyTable, type Route } from "../../../src/routing/table.ts";
import { replica, service } from "../../support/services.ts";

const input: Omit<BuildInput, "services"> = {
  standingsOf: ({ replicas }) =>
    replicas.map(({ health, reason }) => ({ state: health, reason, since: 7 })),
  incumbents: [],
  ports: {
    firstPort: 1000,
    lastPort: 65_535,
    reserved: new Map(),
    sources: ["strong", "weak"],
    mergesSources: false,
  },
  defaultPolicy,
  groupSize: 1,
  isOwnPort: () => false,
  isOwnHost: (host) => host === "127.0.0.1",
};

function at(address: string): Pick<Service, "replicas"> {
  return { replicas: [replica(address)] };
}

/** Each offer as `<key> <app>: <replicas>`. */
function offers(services: readonly Service[], over: Partial<BuildInput> = {}): string[] {
  const built = new RouteBuilder().build({ ...input, ...over, services });
  return offersOf({ ...emptyTable, ...built })
    .map(told)
    .toSorted();
}

function told({ key, app, replicas }: Route): string {
  return `${key} ${app}: ${replicas.map((one) => one.key).join(" ")}`;
}

const web = service("/shop/web", 8080, { configuredAt: -1, ...at("10.0.0.1:80") });
const canary = service("/shop/canary", 8080, { merges: true, ...at("10.0.0.2:80") });

test("an app that has its ports to itself is offered as it is routed", () => {
  const { routes, apart } = new RouteBuilder().build({ ...input, services: [web] });
  assert.deepEqual(apart, []);
  assert.equal(offersOf({ ...emptyTable, routes, apart })[0], routes[0]);
});

test("apps that share a port are offered each with its own replicas", () => {
  assert.deepEqual(offers([canary, web]), [
    "tcp/8080 /shop/canary: 10.0.0.2:80",
    "tcp/8080 /shop/web: 10.0.0.1:80",
  ]);
});

test("an app that did not get its port is offered all the same", () => {
  const loser = service("/other/web", 8080, at("10.0.0.3:80"));
  const outside = service("/low", 80, at("10.0.0.4:80"));
  const own = { replicas: [replica("127.0.0.1:9000")], configuredAt: -1 };
  const occupied = service("/late", 9000, at("10.0.0.5:80"));
  assert.deepEqual(offers([outside, loser, web, occupied, service("/first", 7000, own)]), [
    "tcp/7000 /first: 127.0.0.1:9000",
    "tcp/80 /low: 10.0.0.4:80",
    "tcp/8080 /other/web: 10.0.0.3:80",
    "tcp/8080 /shop/web: 10.0.0.1:80",
    "tcp/9000 /late: 10.0.0.5:80",
  ]);
});

test("an app that two sources list is offered once: what serves it, or what the stronger one says", () => {
  const moved = { ...web, source: "strong" };
  const left = { ...web, source: "weak", ...at("10.0.0.9:80") };
  assert.deepEqual(offers([left, moved]), ["tcp/8080 /shop/web: 10.0.0.1:80"]);
  const ports = { ...input.ports, mergesSources: true };
  const both = "tcp/8080 /shop/web: 10.0.0.1:80 10.0.0.9:80";
  assert.deepEqual(offers([left, moved], { ports }), [both]);
  const third = service("/shop/green", 8080, { source: "weak", ...at("10.0.0.3:80") });
  assert.deepEqual(offers([third, left, moved], { ports }), [
    "tcp/8080 /shop/green: 10.0.0.3:80",
    both,
  ]);
  const refused = { ...input.ports, firstPort: 9000 };
  assert.deepEqual(offers([left, moved], { ports: refused }), ["tcp/8080 /shop/web: 10.0.0.1:80"]);
});

test("what is apart stays the same object while nothing of it changes", () => {
  const builder = new RouteBuilder();
  const standings = new Map([web, canary].map((it) => [it, input.standingsOf(it)]));
  const build = (): readonly Route[] =>
    builder.build({
      ...input,
      services: [web, canary],
      standingsOf: (it) => standings.get(it) ?? [],
    }).apart;
  const [first, second] = build();
  standings.set(web, [...input.standingsOf(web)]);
  const [kept, anew] = build();
  assert.equal(kept, first);
  assert.notEqual(anew, second);
});
