import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../../src/model/policy.ts";
import { leaveOutOccupied } from "../../../src/routing/occupied.ts";
import type { Route } from "../../../src/routing/table.ts";
import { replica, service } from "../../support/services.ts";

const isOwnHost = (host: string): boolean => host === "127.0.0.1";
const resident = service("/web", 80, {
  configuredAt: 5,
  replicas: [replica("127.0.0.1:31000"), replica("10.0.0.1:31001")],
});

function routed(app: string, port: number, addresses: readonly string[]): Route {
  const rest = { key: `tcp/${port}`, app, name: app, port };
  const replicas = addresses.map((address) => {
    const { host, task, weight, address: parsed } = replica(address);
    const standing = { state: "up", reason: "", since: 0 } as const;
    return { key: address, address: parsed, host, task, weight, ...standing };
  });
  const kind = { protocol: "tcp", mode: "tcp", policy: defaultPolicy, source: "test" } as const;
  return { ...rest, ...kind, replicas };
}

interface Row {
  readonly name: string;
  readonly claimant: ReturnType<typeof service>;
  readonly incumbents?: readonly Route[];
  readonly isRefused: boolean;
}

const young = { configuredAt: 6 };
const old = { configuredAt: 4 };
const servedReplica = [routed("/web", 80, ["127.0.0.1:31000"])];
const servedClaim = [routed("/thief", 31_000, [])];

const table: readonly Row[] = [
  { name: "a younger claim", claimant: service("/thief", 31_000, young), isRefused: true },
  { name: "an older claim", claimant: service("/thief", 31_000, old), isRefused: false },
  {
    name: "an older claim on what is served already",
    claimant: service("/thief", 31_000, old),
    incumbents: servedReplica,
    isRefused: true,
  },
  {
    name: "a younger claim that is served already",
    claimant: service("/thief", 31_000, young),
    incumbents: servedClaim,
    isRefused: false,
  },
  {
    name: "a port of a replica on another host",
    claimant: service("/thief", 31_001, young),
    isRefused: false,
  },
  {
    name: "the port of another protocol",
    claimant: service("/thief", 31_000, { ...young, protocol: "udp" }),
    isRefused: false,
  },
  {
    name: "the app's own port",
    claimant: service("/web", 31_000, young),
    isRefused: false,
  },
];

for (const { name, claimant, incumbents = [], isRefused } of table) {
  test(`${name} on a replica's port is ${isRefused ? "refused" : "kept"} (B04)`, () => {
    const { services, problems } = leaveOutOccupied([resident, claimant], {
      incumbents,
      isOwnHost,
    });
    assert.equal(services.includes(claimant), !isRefused);
    assert.ok(services.includes(resident));
    assert.deepEqual(
      problems.map(({ kind, subject }) => [kind, subject]),
      isRefused ? [["port-refused", "/thief"]] : [],
    );
  });
}
