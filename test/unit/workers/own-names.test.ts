import assert from "node:assert/strict";
import { hostname, type NetworkInterfaceInfo } from "node:os";
import { test } from "node:test";

import type { RoutedReplica } from "../../../src/routing/table.ts";
import { OwnNames } from "../../../src/workers/own-names.ts";
import { eventually } from "../../support/eventually.ts";

/** An interface with one address. */
function having(address: string): NetworkInterfaceInfo[] {
  const plain = { netmask: "255.0.0.0", mac: "00:00:00:00:00:00", internal: false, cidr: null };
  return [{ address, family: "IPv4", ...plain }];
}

function at(host: string, over: Partial<RoutedReplica> = {}): RoutedReplica {
  const address = { host: "10.9.9.9", port: 80 };
  const plain = { key: "10.9.9.9:80", task: "t", weight: 500, reason: "", since: 0 };
  return { ...plain, address, host, state: "up", ...over };
}

test("a replica is on this host by its name in any case, its address in any spelling, or its agent's id", () => {
  const hostNames = ["Agent-7.Example", "2001:DB8::0:7", "F00-S1"];
  const own = new OwnNames({ bind: [], hostNames }, () => ({ eth0: having("10.0.0.7") }));
  const local = [
    at("agent-7.example"),
    at("AGENT-7.EXAMPLE."),
    at(hostname().toUpperCase()),
    at("10.0.0.7"),
    at("::ffff:10.0.0.7"),
    at("agent-8", { address: { host: "2001:db8::7", port: 1 } }),
    at("agent-8", { agent: "f00-S1" }),
  ];
  for (const replica of local) assert.ok(own.isLocal(replica), replica.host);
  for (const replica of [at("agent-7"), at("10.0.0.8"), at("agent-8", { agent: "f00-S10" })])
    assert.ok(!own.isLocal(replica), replica.host);
});

test("an address that an interface gets later is one of this host, and told", async () => {
  let address = "10.0.0.7";
  const own = new OwnNames({ bind: ["0.0.0.0"], hostNames: [] }, () => ({ eth0: having(address) }));
  const controller = new AbortController();
  let told = 0;
  const following = own.follow(() => (told += 1), controller.signal, 1);
  address = "10.0.0.8";
  await eventually(() => told === 1);
  assert.deepEqual([own.isLocal(at("10.0.0.7")), own.isLocal(at("10.0.0.8"))], [false, true]);
  assert.deepEqual([own.isOwnHost("10.0.0.7"), own.isOwnHost("10.0.0.8")], [false, true]);
  address = "10.0.0.9";
  await eventually(() => told === 2);
  controller.abort();
  await following;
});
