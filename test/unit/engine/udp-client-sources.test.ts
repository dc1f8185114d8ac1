import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientSources } from "../../../src/engine/udp/client-sources.ts";
import { ownHosts } from "../../../src/routing/own-addresses.ts";
import { toUdpRoute } from "../../support/engine-fixture.ts";

const sources = new ClientSources(
  {
    ports: new Set([53, 123]),
    isOwnHost: ownHosts({ bind: ["0.0.0.0", "::"], names: new Set(["10.0.0.5"]) }),
  },
  toUdpRoute(53, [31_000]).replicas,
);

const cases: readonly (readonly [
  host: string,
  port: number,
  mayBeAnswered: boolean,
  why: string,
])[] = [
  ["10.0.0.9", 40_000, true, "a client"],
  ["10.0.0.9", 53, true, "a client on a well-known port"],
  ["127.0.0.1", 40_000, true, "a client on this host"],
  ["2001:db8::9", 40_000, true, "an IPv6 client"],
  ["fe80::1%eth0", 40_000, true, "a neighbour"],
  ["10.0.0.9", 0, false, "no port"],
  ["255.255.255.255", 9, false, "everybody"],
  ["224.0.0.251", 5353, false, "a group"],
  ["ff02::fb", 5353, false, "an IPv6 group"],
  ["0.0.0.0", 68, false, "nobody"],
  ["127.0.0.1", 53, false, "this very listener"],
  ["10.0.0.5", 123, false, "another listener of ours"],
  ["::1", 123, false, "another listener of ours by IPv6"],
  ["127.0.0.1", 31_000, false, "a replica of this service"],
];

for (const [host, port, mayBeAnswered, why] of cases) {
  test(`${host} port ${port}, ${why}, may ${mayBeAnswered ? "" : "not "}be answered (U09)`, () => {
    assert.equal(sources.mayBeAnswered(host, port), mayBeAnswered);
  });
}
