import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { createServer } from "node:tls";

import {
  ConsulSource,
  type ConsulSourceOptions,
} from "../../src/discovery/consul/consul-source.ts";
import { selfSigned } from "../support/certificates.ts";
import { ConsulStandIn } from "../support/consul-stand-in.ts";
import { eventually } from "../support/eventually.ts";
import { RunningSource } from "../support/running-source.ts";
import { steady } from "../support/steady.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";

const opensslMissing: string | false =
  spawnSync("openssl", ["version"]).status === 0 ? false : "needs Debian's package openssl";

test(
  "https with an authority of one's own, and a certificate for a Consul that asks",
  { skip: opensslMissing },
  async () => {
    using folder = new TemporaryFolder();
    const theirs = selfSigned(folder.path, "consul", ["localhost"]);
    const ours = selfSigned(folder.path, "portolan", ["portolan"]);
    await using consul = await ConsulStandIn.start();
    consul.set("a", [{ id: "a", port: 1, meta: { "portolan-port": "80" } }]);
    const { chain: cert, key } = theirs;
    const asking = { cert, key, requestCert: true, ca: ours.chain };
    const front = createServer(asking, (socket) => {
      const onward = connect(Number(consul.url.port), "127.0.0.1");
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
        one.pipe(other);
      }
    });
    front.on("tlsClientError", () => {});
    front.listen(0, "127.0.0.1");
    await once(front, "listening");
    const address = front.address();
    assert.ok(address !== null && typeof address === "object");
    const url = new URL(`https://localhost:${address.port}`);
    const open = (to: URL, options: Partial<ConsulSourceOptions>): ConsulSource =>
      new ConsulSource({ url: to, refreshIntervalMs: 600_000, ...steady(), ...options });
    const file = (name: string): { file: string } => ({ file: folder.file(name) });
    const shown = { certificate: file("portolan.crt"), key: file("portolan.key") };
    {
      await using running = new RunningSource(open(url, { ca: file("consul.crt"), ...shown }));
      await running.have(1);
      assert.equal(running.routes.length, 1);
    }
    for (const less of [shown, { ca: file("consul.crt") }]) {
      const source = open(url, less);
      await using running = new RunningSource(source);
      await eventually(() => source.status().failures > 0);
      assert.deepEqual(running.states, []);
    }
    front.close();
  },
);
