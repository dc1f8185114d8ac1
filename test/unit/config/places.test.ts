import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { ranking } from "../../../src/config/choices.ts";
import {
  consulUrl,
  dockerUrl,
  etcdUrl,
  nameServers,
  srvNames,
} from "../../../src/config/places.ts";
import type { Reader } from "../../../src/config/reader.ts";
import { host, names } from "../../../src/config/texts.ts";
import { parseSrvName } from "../../../src/discovery/dns/srv-records.ts";

interface Rows {
  readonly reader: Reader<unknown>;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const tables: Readonly<Record<string, Rows>> = {
  "an etcd": {
    reader: etcdUrl,
    good: ["etcd://etcd", "etcd://a:1,b:2/services", "etcd3://[::1]:2379/x/y", "etcd://h/"],
    bad: ["", "http://etcd/services", "etcd:/h/x", "etcd://", "etcd://me@h/x", "etcd://h/a b"],
  },
  "a Consul": {
    reader: consulUrl,
    good: ["http://127.0.0.1:8500", "https://consul/prefix"],
    bad: ["", "consul", "ftp://consul", "http://", "http://me:secret@consul", "http://c/?a=b"],
  },
  "a Docker": {
    reader: dockerUrl,
    good: ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375"],
    bad: ["", "unix://docker.sock", "/var/run/docker.sock", "tcp://", "tcp://me@h:1", "http://h"],
  },
  "names with ports": {
    reader: srvNames,
    good: ["_web._tcp.mesos=1234", "a=1,b=65535", ""],
    bad: ["a", "a=", "a=0", "a=65536", "a=b=1", "=1", "a b=1", "a=080", "a=8e1", "a=0x50", "::1=1"],
  },
  "name servers": {
    reader: nameServers,
    good: ["10.0.0.2", "127.0.0.1:8600,::1", "[::1]:53", ""],
    bad: ["ns.example", "ns.example:53", "10.0.0.2:0", "10.0.0", "::1:x"],
  },
  groups: { reader: names, good: ["*", "a,b-c.d_e", ""], bad: ["a b", "a*", "ä"] },
  "a host": { reader: host, good: ["agent-7", "10.0.0.1", "::1"], bad: ["", "a b", "a:1"] },
};

for (const [what, { reader, good, bad }] of Object.entries(tables)) {
  suite(what, () => {
    for (const text of good)
      test(`is ${JSON.stringify(text)}`, () => assert.equal(reader.parse(text).kind, "value"));
    for (const text of bad)
      test(`is not ${JSON.stringify(text)}`, () =>
        assert.equal(reader.parse(text).kind, "refused"));
  });
}

test("every name with a port that the option takes is one to the source", () => {
  const samples = Object.values(tables).flatMap(({ good, bad }) => [...good, ...bad]);
  const isTaken = (text: string): boolean => srvNames.parse(text).kind === "value" && text !== "";
  for (const text of samples.filter(isTaken).flatMap((list) => list.split(",")))
    assert.ok(parseSrvName(text), text);
  const hosts = fc.oneof(fc.constantFrom("a", "_a._tcp.b", "::1", "a:1", "a."), fc.string());
  const ports = fc.tuple(
    fc.constantFrom("", "0", "+", "0x"),
    fc.nat(70_000),
    fc.constantFrom("", "e1", ".0"),
  );
  fc.assert(
    fc.property(hosts, ports, (name, port) => {
      const text = `${name}=${port.join("")}`.replaceAll(",", "").trim();
      return !isTaken(text) || parseSrvName(text) !== undefined;
    }),
  );
});

test("a ranking begins as it is given and goes on with the rest", () => {
  const reader = ranking(["a", "b", "c"]);
  const read = (raw: unknown): unknown => {
    const parsed = reader.parse(raw);
    return parsed.kind === "value" ? parsed.value : parsed.kind;
  };
  assert.deepEqual(read("c, A"), ["c", "a", "b"]);
  assert.deepEqual(read(["b", "b"]), ["b", "a", "c"]);
  assert.equal(read("d"), "refused");
  assert.equal(read(""), "refused");
});
