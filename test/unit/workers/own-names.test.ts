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

test("a look that fails leaves the names as they were, and the next one counts", async () => {
  let addresses: readonly string[] | undefined = ["10.0.0.7"];
  let failures = 0;
  const own = new OwnNames({ bind: ["0.0.0.0"], hostNames: [] }, () => {
    if (addresses !== undefined) return { eth0: addresses.flatMap((one) => having(one)) };
    failures += 1;
    throw new Error("uv_interface_addresses returned Unknown system error 24");
  });
  const controller = new AbortController();
  let told = 0;
  const following = own.follow(() => (told += 1), controller.signal, 1);
  addresses = undefined;
  await eventually(() => failures >= 3);
  assert.ok(own.isLocal(at("10.0.0.7")) && own.isOwnHost("10.0.0.7"));
  assert.equal(told, 0);
  addresses = ["10.0.0.7", "10.0.0.8"];
  await eventually(() => told === 1);
  assert.ok(own.isLocal(at("10.0.0.8")));
  controller.abort();
  await following;
});

test("where the first look fails, this host has its name and what an operator adds, until one succeeds", async () => {
  let fails = true;
  const own = new OwnNames({ bind: [], hostNames: ["agent-7"] }, () => {
    if (fails) throw new Error("no descriptor");
    return { eth0: having("10.0.0.7") };
  });
  assert.ok(own.isLocal(at(hostname())) && own.isLocal(at("agent-7")));
  const controller = new AbortController();
  const following = own.follow(() => controller.abort(), controller.signal, 1);
  fails = false;
  await following;
  assert.ok(own.isLocal(at("10.0.0.7")));
});
