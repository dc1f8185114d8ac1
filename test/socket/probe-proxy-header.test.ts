import assert from "node:assert/strict";
import { test } from "node:test";

import { formatLocal, formatUnknown } from "../../src/engine/proxy-protocol/format.ts";
import { probe, targetAt } from "../contract/probe-contract.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { isMissing, ServerProcess, TemporaryDirectory } from "../support/real-server.ts";

test(
  "a replica that expects a PROXY header takes the preface without complaint (HC12)",
  {
    skip: isMissing("haproxy"),
    timeout: 60_000,
  },
  async () => {
    using directory = new TemporaryDirectory();
    const port = await freePort();
    const path = directory.write(
      "haproxy.cfg",
      `global
       log stdout format raw local0
     defaults
       mode http
       log global
       option httplog
       timeout client 5s
       timeout connect 5s
       timeout server 5s
     frontend f
       bind 127.0.0.1:${port} accept-proxy
       http-request return status 200\n`,
    );
    await using haproxy = new ServerProcess("haproxy", ["-db", "-f", path]);
    await eventually(async () => (await probe(targetAt(port, { kind: "tcp" }))).kind === "good", {
      what: "haproxy",
    });

    const prefaces = { none: undefined, v1: formatUnknown(), v2: formatLocal() };
    for (const [name, preface] of Object.entries(prefaces)) {
      const target = targetAt(port, { kind: "http", path: `/${name}` }, { preface });
      const { kind, reason } = await probe(target);
      assert.equal(kind, preface === undefined ? "bad" : "good", reason);
    }
    await eventually(() => haproxy.output.includes("/v2"));
    // Only the probe without a preface, which shows that the replica does complain.
    const complaints = (): number => haproxy.output.match(/PROXY protocol header/g)?.length ?? 0;
    await eventually(() => complaints() > 0, { what: haproxy.output });
    const before = complaints();

    for (const preface of [formatUnknown(), formatLocal()]) {
      assert.equal((await probe(targetAt(port, { kind: "tcp" }, { preface }))).kind, "good");
    }
    await probe(targetAt(port, { kind: "http", path: "/last" }, { preface: formatLocal() }));
    await eventually(() => haproxy.output.includes("/last"));
    assert.equal(complaints(), before, haproxy.output);
  },
);
