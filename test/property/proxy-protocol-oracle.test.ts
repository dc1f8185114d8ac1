import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  Command,
  INETProtocol,
  IPv4Address,
  IPv4ProxyAddress,
  IPv6Address,
  IPv6ProxyAddress,
  Peer,
  TransportProtocol,
  UnixAddress,
  UnixProxyAddress,
  UnspecProxyAddress,
  V1BinaryProxyProtocol,
  V1ProxyProtocol,
  V2ProxyProtocol,
} from "proxy-protocol-js";
import { formatLocal, formatV1, formatV2 } from "../../src/engine/proxy-protocol/format.ts";
import type { Endpoints } from "../../src/engine/proxy-protocol/header.ts";
import type { Address } from "../../src/model/address.ts";
import { feed } from "../fixtures/proxy-protocol/feeding.ts";
import { urlHost } from "../fixtures/proxy-protocol/naive-reader.ts";

// proxy-protocol-js checks no addresses, ports, lengths or additions, so it can only say how valid headers are read and
// written; UNKNOWN without addresses and CRC32c it does not know.

const port = fc.integer({ min: 0, max: 65_535 });
const payload = fc.uint8Array({ minLength: 1, maxLength: 40 });
const octets = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(255), { minLength: length, maxLength: length });
const endsOf = (host: fc.Arbitrary<string>): fc.Arbitrary<Endpoints> =>
  fc.record({ source: fc.record({ host, port }), destination: fc.record({ host, port }) });
const ends = fc.oneof(endsOf(fc.ipV4()), endsOf(fc.ipV6()));

test("version 1 lines it builds are read as it meant them, and the payload is left", () => {
  fc.assert(
    fc.property(ends, payload, ({ source, destination }, data) => {
      const protocol = source.host.includes(":") ? INETProtocol.TCP6 : INETProtocol.TCP4;
      const [from, to] = [source, destination].map((end) => new Peer(end.host, end.port));
      assert.ok(from !== undefined && to !== undefined);
      const built = Buffer.from(new V1BinaryProxyProtocol(protocol, from, to, data).build());
      const { said, rest } = feed([built]);
      assert.equal(said, `v1 ${spelled(source)} > ${spelled(destination)}`);
      assert.deepEqual([...rest], [...data]);
    }),
  );
});

test("it reads the version 1 lines we write", () => {
  fc.assert(
    fc.property(ends, (given) => {
      const parsed = V1ProxyProtocol.parse(formatV1(given).toString("latin1"));
      const peers = [parsed.source, parsed.destination];
      const read = peers.map(({ ipAddress, port: number }) =>
        spelled({ host: ipAddress, port: number }),
      );
      assert.deepEqual(read, [spelled(given.source), spelled(given.destination)]);
      const isIPv6 = peers.every(({ ipAddress }) => ipAddress.includes(":"));
      assert.equal(parsed.inetProtocol, isIPv6 ? INETProtocol.TCP6 : INETProtocol.TCP4);
    }),
  );
});

test("version 2 headers it builds are read as it meant them, and the payload is left", () => {
  const ipv4 = fc.tuple(octets(4), port, octets(4), port).map(([from, fromPort, to, toPort]) => ({
    address: new IPv4ProxyAddress(
      IPv4Address.createFrom(from),
      fromPort,
      IPv4Address.createFrom(to),
      toPort,
    ),
    want: `${from.join(".")}:${fromPort} > ${to.join(".")}:${toPort}`,
  }));
  const ipv6 = fc.tuple(octets(16), port, octets(16), port).map(([from, fromPort, to, toPort]) => ({
    address: new IPv6ProxyAddress(
      IPv6Address.createFrom(from),
      fromPort,
      IPv6Address.createFrom(to),
      toPort,
    ),
    want: `${textOf(from)}:${fromPort} > ${textOf(to)}:${toPort}`,
  }));
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), payload, ({ address, want }, data) => {
      const header = new V2ProxyProtocol(Command.PROXY, TransportProtocol.STREAM, address, data);
      const { said, rest } = feed([Buffer.from(header.build())]);
      assert.equal(said, `v2 ${want}`);
      assert.deepEqual([...rest], [...data]);
    }),
  );
});

test("it reads the version 2 headers we write", () => {
  fc.assert(
    fc.property(ends, (given) => {
      const parsed = V2ProxyProtocol.parse(formatV2(given));
      assert.equal(parsed.command, Command.PROXY);
      assert.equal(parsed.transportProtocol, TransportProtocol.STREAM);
      assert.equal(parsed.data?.length ?? 0, 0);
      const { proxyAddress: read } = parsed;
      assert.ok(read instanceof IPv4ProxyAddress || read instanceof IPv6ProxyAddress);
      const from = `${textOf(read.sourceAddress.address)}:${read.sourcePort}`;
      const to = `${textOf(read.destinationAddress.address)}:${read.destinationPort}`;
      assert.deepEqual([from, to], [spelled(given.source), spelled(given.destination)]);
    }),
  );
});

test("LOCAL is the same bytes in both, and UNIX ends are no addresses", () => {
  const none = new V2ProxyProtocol(
    Command.LOCAL,
    TransportProtocol.UNSPEC,
    new UnspecProxyAddress(),
  );
  assert.deepEqual([...none.build()], [...formatLocal()]);
  assert.equal(feed([Buffer.from(none.build())]).said, "v2 local");
  const end = UnixAddress.createWithEmptyAddress();
  const address = new UnixProxyAddress(end, end);
  const unix = new V2ProxyProtocol(Command.PROXY, TransportProtocol.STREAM, address);
  assert.equal(feed([Buffer.from(unix.build())]).said, "v2 local");
  const datagram = new V2ProxyProtocol(Command.PROXY, TransportProtocol.DGRAM, address);
  assert.equal(feed([Buffer.from(datagram.build())]).said, "bad datagram");
});

/** An end as the reader names it. */
function spelled({ host, port: number }: Address): string {
  return `${host.includes(":") ? urlHost(host) : host}:${number}`;
}

/** An address given as bytes, as the reader names it. */
function textOf(address: readonly number[]): string | undefined {
  if (address.length === 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address[2 * index] ?? 0) * 256 + (address[2 * index + 1] ?? 0)).toString(16),
  );
  return urlHost(groups.join(":"));
}
