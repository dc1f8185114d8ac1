import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { suite, test } from "node:test";
import { createSecureContext, createServer, TLSSocket, type SecureContextOptions } from "node:tls";

import { noSocketLeft, probe, targetAt, testProbeContract } from "../contract/probe-contract.ts";
import { eventually } from "../support/eventually.ts";
import { isMissing, TemporaryDirectory } from "../support/real-server.ts";

const skip = isMissing("openssl");

/** A key with a certificate that nobody trusts, for a name that nobody has. */
function selfSigned(): SecureContextOptions {
  using directory = new TemporaryDirectory();
  const [keyFile, certFile] = [directory.write("key", ""), directory.write("cert", "")];
  const options = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=nobody`;
  execFileSync("openssl", [...options.split(" "), "-keyout", keyFile, "-out", certFile], {
    stdio: "ignore",
  });
  return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
}

/** Serves a connection that was accepted as plain TCP over TLS. */
function securely(identity: SecureContextOptions, serve: (socket: Socket) => void) {
  const secureContext = createSecureContext(identity);
  return (socket: Socket): void => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    secured.on("error", () => undefined);
    serve(secured);
  };
}

if (skip === false) {
  const identity = selfSigned();
  // A handshake record of 16 KiB that is announced, and then takes its time.
  const beginning = "\u0016\u0003\u0003\u0040\u0000\u0002";

  testProbeContract("tls", {
    check: { kind: "tls" },
    serve: securely(identity, (socket) => socket.resume().once("end", () => socket.end())),
    beginning,
    layer: "L6",
  });

  testProbeContract("https", {
    check: { kind: "https" },
    serve: securely(identity, (socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    }),
    beginning,
    layer: "L6",
  });
}

suite("probes of a TLS replica", { skip, timeout: 60_000 }, () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`a tls probe leaves no error behind in the replica, over ${version}`, async () => {
      const errors: Error[] = [];
      let served = 0;
      const options = { ...selfSigned(), minVersion: version, maxVersion: version };
      const server = createServer(options, (socket) => {
        socket.on("error", (error) => errors.push(error));
        socket.once("close", () => (served += 1));
        socket.resume();
      });
      server.on("tlsClientError", (error) => errors.push(error));
      await using _ = server.listen(0, "127.0.0.1");
      await eventually(() => server.listening);
      const target = targetAt(portOf(server.address()), { kind: "tls" });
      for (let round = 0; round < 20; round += 1) {
        const { kind, reason } = await probe(target);
        assert.equal(kind, "good", reason);
      }
      await eventually(() => served === 20);
      assert.deepEqual(errors, []);
    });
  }

  test("https asks for the policy's host by name, and an address or nonsense by none", async () => {
    const asked: unknown[] = [];
    const server = createHttps(selfSigned(), ({ headers, socket }, answer) => {
      asked.push([socket instanceof TLSSocket ? socket.servername : "", headers.host]);
      answer.writeHead(200).end();
    });
    await using _ = server.listen(0, "127.0.0.1");
    await eventually(() => server.listening);
    const port = portOf(server.address());
    for (const host of ["shop.example", "shop.example:8443", "10.0.0.1", "\r\n", ""]) {
      const { kind, reason } = await probe(targetAt(port, { kind: "https", host }));
      assert.equal(kind, "good", reason);
    }
    const own = `127.0.0.1:${port}`;
    assert.deepEqual(asked, [
      ["shop.example", "shop.example"],
      ["shop.example", "shop.example:8443"],
      [false, "10.0.0.1"],
      [false, own],
      [false, own],
    ]);
  });

  test("a plain replica is named as what it is", async () => {
    const server = createHttps(selfSigned());
    await using _ = server.listen(0, "127.0.0.1");
    await eventually(() => server.listening);
    const { reason } = await probe(targetAt(portOf(server.address()), { kind: "http" }));
    assert.match(reason, /^L7RSP: /);
  });

  test("nothing is left open", noSocketLeft);
});

function portOf(bound: AddressInfo | string | null): number {
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return bound.port;
}
