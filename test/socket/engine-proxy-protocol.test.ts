import assert from "node:assert/strict";
import { test } from "node:test";
import { formatV1, formatV2 } from "../../src/engine/proxy-protocol/format.ts";
import { EngineFixture } from "../support/engine-fixture.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { echo, TcpReplica } from "../support/tcp-replica.ts";
import { vanishedClients } from "../support/vanished-clients.ts";

const ends = {
  source: { host: "192.0.2.7", port: 4369 },
  destination: { host: "192.0.2.1", port: 80 },
};

const trusting = { proxyTrusted: ["127.0.0.0/8"] };

test("a replica is told the client's address in front of everything else", async () => {
  for (const version of [1, 2] as const) {
    await using replica = await TcpReplica.start(echo);
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [replica.port], { sendProxy: version });
    await using client = await TcpClient.open(port);
    client.socket.write("hello");
    const source = { host: "127.0.0.1", port: client.socket.localPort ?? 0 };
    const told = { source, destination: { host: "127.0.0.1", port } };
    const want = Buffer.concat([
      version === 1 ? formatV1(told) : formatV2(told),
      Buffer.from("hello"),
    ]);
    await eventually(() => client.received.length >= want.length);
    assert.deepEqual(client.received, want);
  }
});

test("a header from a trusted source is believed, in any pieces, and what follows it is forwarded whole", async () => {
  for (const header of [formatV1(ends), formatV2(ends)]) {
    await using replica = await TcpReplica.start(echo);
    await using proxy = new EngineFixture(trusting);
    const port = await freePort();
    // Sent on in the other version, the header shows what was understood.
    await proxy.serve(port, [replica.port], { acceptProxy: true, sendProxy: 1 });
    const bytes = Buffer.concat([header, Buffer.from("payload")]);
    for (const size of [1, 10, bytes.length]) {
      await using client = await TcpClient.open(port);
      client.socket.setNoDelay(true);
      for (let at = 0; at < bytes.length; at += size) {
        client.socket.write(bytes.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const want = `${formatV1(ends).toString()}payload`;
      await eventually(() => client.text.length >= want.length);
      assert.equal(client.text, want);
    }
  }
});

test("a source that is not trusted, a bad header and a header that does not come are refused; the replica sees nothing (P01, P03)", async () => {
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture({ ...trusting, limits: { headerTimeoutMs: 150 } });
  await using strict = new EngineFixture();
  const [port, closed] = [await freePort(), await freePort()];
  await proxy.serve(port, [replica.port], { acceptProxy: true });
  await strict.serve(closed, [replica.port], { acceptProxy: true });
  for (const [where, bytes] of [
    [port, "GET / HTTP/1.1\r\n\r\n"],
    [port, "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"],
    [port, "PROXY TCP4 1.2.3"],
    [closed, formatV1(ends).toString()],
  ] as const) {
    await using client = new TcpClient(where);
    client.socket.write(bytes);
    await eventually(() => client.closed);
    assert.equal(client.error?.code, "ECONNRESET");
  }
  await using quitter = await TcpClient.open(port);
  quitter.socket.end("PROXY TCP4");
  await eventually(() => quitter.closed);
  assert.deepEqual(proxy.closed, { "proxy-header": 4 });
  assert.deepEqual(strict.closed, { denied: 1 });
  assert.equal(replica.sockets.length, 0);
});

test("access lists and `source` balancing go by the client that the header names", async () => {
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture(trusting);
  const port = await freePort();
  await proxy.serve(port, [replica.port], {
    acceptProxy: true,
    allow: ["192.0.2.0/24"],
    balance: "source",
  });
  await using known = await TcpClient.open(port);
  known.socket.write(Buffer.concat([formatV2(ends), Buffer.from("x")]));
  await eventually(() => known.text === "x");
  await using stranger = await TcpClient.open(port);
  stranger.socket.write(formatV2({ ...ends, source: { host: "198.51.100.1", port: 1 } }));
  await eventually(() => stranger.closed);
  assert.deepEqual(proxy.closed, { denied: 1 });
});

test("without accept-proxy a header is payload like any other (P02)", async () => {
  await using replica = await TcpReplica.start(echo);
  await using proxy = new EngineFixture(trusting);
  const port = await freePort();
  await proxy.serve(port, [replica.port]);
  await using client = await TcpClient.open(port);
  client.socket.write(formatV1(ends));
  await eventually(() => client.text === formatV1(ends).toString());
});

test("a client that resets before it is looked at is announced to nobody", async () => {
  for (const policy of [{ sendProxy: 1 }, { balance: "source" }] as const) {
    await using replica = await TcpReplica.start(echo);
    await using proxy = new EngineFixture();
    const port = await freePort();
    await proxy.serve(port, [replica.port], policy);
    vanishedClients(port, "hello");
    await eventually(() => proxy.accepted === 20 && proxy.active === 0);
    assert.equal(replica.sockets.length, 0, JSON.stringify(policy));
    assert.deepEqual(proxy.closed, { "client-gone": 20 });
  }
});
